"""What is written down beside the rates: who was made, loaded and stepped, and where."""

from __future__ import annotations

import copy
import functools
import tracemalloc
from collections import Counter

import pytest
import torch
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import lrscope
from lrscope.audit.audit import audit_run
from lrscope.audit.facts.training import Training
from lrscope.recording import events
from lrscope.report.page import page_of

from .trainings import Plain, applied, bits, line, loss_of, net, pair, step

HERE = __file__


def test_what_was_made_loaded_and_stepped_is_told_with_its_line(recorded):
    def train():
        model = net()
        at = {}
        optimizer = SGD(pair(model))
        at["optimizer"] = line()
        scheduler = StepLR(optimizer, 2)
        at["scheduler"] = line()
        step(optimizer, model)
        scheduler.step()
        at["step"] = line()
        more = {"params": [torch.zeros(1)], "name": "more"}
        optimizer.add_param_group(more)
        at["added"] = line()
        saved = optimizer.state_dict(), scheduler.state_dict()
        optimizer.load_state_dict(saved[0])
        at["optimizer_loaded"] = line()
        scheduler.load_state_dict(saved[1])
        at["scheduler_loaded"] = line()
        step(optimizer, model)
        return at

    at, run = recorded(train)
    kinds = {
        events.OptimizerConstructed: "optimizer",
        events.SchedulerConstructed: "scheduler",
        events.SchedulerStepped: "step",
        events.GroupAdded: "added",
        events.OptimizerStateLoaded: "optimizer_loaded",
        events.SchedulerStateLoaded: "scheduler_loaded",
    }
    told = [each for each in run.main.events if type(each) in kinds]
    assert [type(each) for each in told] == list(kinds)
    for each in told:
        assert each.where == (HERE, at[kinds[type(each)]])
    assert told[0].how == told[1].how == "constructed"
    assert told[3].order == (0, 1, 2)
    assert [group.name for group in told[3].groups] == ["more"]


def test_an_optimizer_of_the_users_own_class_is_made_where_the_class_is_called(
    recorded,
):
    def train():
        model = net()
        optimizer = Plain(model.parameters())
        here = line()
        step(optimizer, model)
        return here

    here, run = recorded(train)
    [made] = run.main.events.of(events.OptimizerConstructed)
    assert made.where == (HERE, here)


def test_objects_that_exist_before_the_block_are_found(recorded):
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    scheduler = ExponentialLR(optimizer, 0.5)

    def train():
        step(optimizer, model)
        scheduler.step()
        step(optimizer, model)

    _, run = recorded(train)
    [made] = run.main.events.of(events.SchedulerConstructed)
    assert (made.how, made.attributes["gamma"], made.optimizer) == ("found", 0.5, 0)
    [found] = run.main.events.of(events.OptimizerConstructed)
    assert found.how == "found"
    assert applied(run.track("sgd/all")) == [0.1, 0.05]


def test_a_training_that_is_recorded_in_two_blocks_goes_on(tmp_path):
    """As where a cell of a notebook is run again."""
    model = net()
    optimizer = Adam(model.parameters(), lr=0.1)
    scheduler = CosineAnnealingLR(optimizer, 8)
    for _ in range(2):
        with lrscope.record(tmp_path / "run"):
            for _ in range(4):
                step(optimizer, model)
                scheduler.step()
    run = lrscope.read_run(tmp_path / "run")
    page = page_of(run)
    assert page.joined
    assert "updates 4 to 7, " in page.segments[1]
    assert "goes on where the one before ended" in page.segments[1]
    assert [each.tracks[0].updates_before for each in run.processes] == [0, 4]
    [found] = run.main.events.of(events.SchedulerConstructed)
    assert found.arguments == {"T_max": 8, "eta_min": 0.0}
    assert lrscope.audit_run(run).findings == ()


def test_what_torch_keeps_of_arguments_is_told_of_a_scheduler_that_was_found(recorded):
    model = net()
    optimizer = SGD(pair(model))
    step_size = StepLR(optimizer, 3, gamma=0.5)
    milestones = MultiStepLR(optimizer, [4, 2, 4])

    def train():
        step(optimizer, model)
        step_size.step()
        milestones.step()

    _, run = recorded(train)
    told = [each.arguments for each in run.main.events.of(events.SchedulerConstructed)]
    assert told == [
        {"step_size": 3, "gamma": 0.5},
        {"milestones": [2, 4, 4], "gamma": 0.1},
    ]


def _power(step, base):
    return base**step


def test_the_arguments_of_schedulers_are_plain_data(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        LambdaLR(optimizer, lambda _: 1.0)
        here = line()
        LambdaLR(optimizer, lr_lambda=[functools.partial(_power, base=0.5)])
        MultiStepLR(optimizer, [3, 5, 5])
        first, second = LinearLR(optimizer), StepLR(optimizer, torch.tensor(4))
        SequentialLR(optimizer, [first, second], milestones=[2])
        ReduceLROnPlateau(optimizer, threshold=float("inf"))
        step(optimizer, model)
        return here

    here, run = recorded(train)
    made = run.main.events.of(events.SchedulerConstructed)
    by_lambda, by_partial, multi, linear, steps, both, plateau = made
    assert by_lambda.arguments["lr_lambda"]["where"] == [HERE, here]
    assert "<lambda>" in by_lambda.arguments["lr_lambda"]["callable"]
    [partial] = by_partial.arguments["lr_lambda"]
    assert partial["callable"].endswith("._power")
    assert partial["arguments"] == {"base": 0.5}
    assert multi.arguments["milestones"] == [3, 5, 5]
    assert multi.attributes["milestones"] == {"3": 1, "5": 2}
    assert multi.arguments["gamma"] == 0.1
    assert steps.arguments["step_size"] == 4
    assert both.arguments["schedulers"] == [{"scheduler": 3}, {"scheduler": 4}]
    assert both.children == (linear.scheduler, steps.scheduler)
    assert both.arguments["optimizer"] == {"optimizer": 0}
    assert plateau.arguments["threshold"] == "inf"


@pytest.mark.parametrize("every", [1, 2, 4], ids="a step for {} batches".format)
@pytest.mark.parametrize("looks_at", [1, 2, 8], ids="{} batches".format)
@pytest.mark.parametrize("often", [2, 4, 8])
def test_a_look_at_the_loader_that_is_trained_on_is_no_pass(
    recorded, looks_at, often, every
):
    """As programs do that estimate the loss on the training data within a pass."""

    def train():
        model = net()
        optimizer = SGD(pair(model))
        loader = DataLoader(TensorDataset(torch.randn(24, 4)), 3)
        for _ in range(3):
            for number, _batch in enumerate(loader, 1):
                if number % every == 0:
                    step(optimizer, model)
                if number % often == 0:
                    for count, _looked_at in enumerate(loader, 1):
                        if count == looks_at < 8:
                            break

    _, run = recorded(train)
    assert run.main.ratio().passes == 3
    steps = [8 // every] * 3
    assert [each.steps for each in run.main.passes if each.steps] == steps
    [optimizer] = Training(run.main, is_last=True).optimizers
    assert optimizer.epochs.calls.tolist() == steps
    assert optimizer.epochs.whole.all()


def test_passes_of_one_loader_within_each_other_end_as_they_began(recorded):
    def train():
        model = net()
        optimizer = SGD(pair(model))
        loader = DataLoader(TensorDataset(torch.randn(3, 4)))
        for _outer in loader:
            for _inner in loader:
                step(optimizer, model)

    _, run = recorded(train)
    told = [(each.first, each.last, each.steps) for each in run.main.passes]
    assert told == [(0, 9, 9), (0, 3, 3), (3, 6, 3), (6, 9, 3)]


def test_each_optimizer_has_its_own_passes(recorded):
    """Two trainings in turn; the second takes batches of two loaders at a time."""

    def train():
        loaders = [DataLoader(TensorDataset(torch.randn(6, 4)), 2) for _ in range(3)]
        first, second = net(), net()
        sgd, adam = SGD(first.parameters()), Adam(second.parameters())
        for _ in range(2):
            for _batch in loaders[0]:
                step(adam, second)
        for _ in range(5):
            for _batches in zip(*loaders[1:]):
                step(sgd, first)

    _, run = recorded(train)
    assert [run.main.ratio(each).passes for each in (0, 1)] == [2, 5]
    assert run.main.ratio().passes == 12
    [training] = audit_run(run).facts["trainings"]
    audited = {
        name: (each["passes"], each["backward_calls"])
        for name, each in training["optimizers"].items()
    }
    assert audited == {"adam": (2, 6), "sgd": (5, 15)}
    assert [run.main.ratio(each).backward_calls for each in (0, 1, None)] == [6, 15, 21]


def test_an_optimizer_that_is_never_stepped_takes_no_others_place(recorded):
    def train():
        model = net()
        optimizer, unused = SGD(pair(model)), SGD(pair(net()))
        for _ in range(3):
            step(optimizer, model)
        return unused

    _, run = recorded(train)
    [training] = audit_run(run).facts["trainings"]
    assert {name: of["updates"] for name, of in training["optimizers"].items()} == {
        "sgd": 3
    }


def test_passes_over_loaders_are_told_ended_or_not(recorded):
    class Stream(IterableDataset):
        def __iter__(self):
            return iter(torch.randn(4, 4))

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        training = DataLoader(TensorDataset(torch.randn(10, 4)), batch_size=2)
        validation = DataLoader(TensorDataset(torch.randn(3, 4)))
        for stop in (99, 2):
            for index, _ in enumerate(training):
                if index == stop:
                    break
                step(optimizer, model)
            for _ in validation:
                pass
        for _ in DataLoader(Stream(), batch_size=2):
            step(optimizer, model)

    _, run = recorded(train)
    passes = run.main.passes
    assert [each.length for each in passes] == [5, 3, 5, 3, None]
    assert [each.last is not None for each in passes] == [True, True, False, True, True]
    assert [passes[each].steps for each in (0, 1, 4)] == [5, 0, 2]
    assert passes[0].loader == passes[2].loader != passes[1].loader
    ended = run.main.events.of(events.PassEnded)
    assert len(ended) == 4
    assert {each.where[0] for each in run.main.events.of(events.PassBegan)} == {HERE}


def test_backward_calls_are_counted_those_of_checkpoints_are_not(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            for _ in range(4):
                loss_of(model).backward()
            values = torch.randn(2, 4, requires_grad=True)
            checkpoint(model, values, use_reentrant=True).sum().backward()
            torch.autograd.backward([loss_of(model)])
            optimizer.step()

    _, run = recorded(train)
    assert run.main.ratio().backward_calls == 18
    between = [
        type(e)
        for e in run.main.events
        if isinstance(e, (events.Backward, events.OptimizerStepped))
    ]
    assert between == [*[events.Backward] * 6, events.OptimizerStepped] * 3


def test_the_number_that_plateau_was_given_is_recorded(recorded):
    values = [3.0, 1 / 3, float("inf"), float("nan"), 2]

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = ReduceLROnPlateau(optimizer)
        for value in values:
            step(optimizer, model)
            scheduler.step(value if value != 3.0 else torch.tensor(value))
        scheduler.step(metrics=7.0)

    _, run = recorded(train)
    stepped = run.main.events.of(events.SchedulerStepped)
    assert bits(each.value for each in stepped) == bits([*map(float, values), 7.0])
    assert {each.argument for each in stepped} == {"metrics"}


@pytest.mark.filterwarnings("ignore:Detected call")
@pytest.mark.parametrize("with_a_step_before", [True, False])
def test_stepping_a_scheduler_alone_for_ever_takes_no_more_room(
    recorded, with_a_step_before
):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = LambdaLR(optimizer, _always)
        if with_a_step_before:
            step(optimizer, model)

        def often():
            for _ in range(50_000):
                scheduler.step()

        tracemalloc.start()
        try:
            often()
            before = tracemalloc.get_traced_memory()[0]
            often()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        step(optimizer, model)
        return grown

    grown, run = recorded(train)
    assert grown < 200_000  # bytes, of 50,000 calls
    if with_a_step_before:  # before the first step there is no file to take them
        assert run.main.ratio().scheduler_steps == 100_000


def _always(_):
    return 1.0


def test_one_line_that_steps_many_schedulers_tells_them_apart(recorded):
    def train():
        model = net()
        optimizers = [SGD(model[0].parameters(), lr=0.1), Adam(model[2].parameters())]
        schedulers = [ExponentialLR(each, 0.5) for each in optimizers]
        for _ in range(3):
            for optimizer in optimizers:
                step(optimizer, model)
            for scheduler in schedulers:
                scheduler.step()

    _, run = recorded(train)
    stepped = run.main.events.of(events.SchedulerStepped)
    assert Counter(each.scheduler for each in stepped) == {0: 3, 1: 3}
    for index in (0, 1):
        assert run.main.ratio(index).scheduler_steps == 3


@pytest.mark.filterwarnings("ignore:.*optimizer.step")
def test_a_copied_scheduler_drives_a_copied_optimizer(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.5)
        other = copy.deepcopy(scheduler)
        for _ in range(3):
            step(optimizer, model)
            other.step()  # moves nothing that trains
        scheduler.step()
        step(optimizer, model)

    _, run = recorded(train)
    [track] = run.main.tracks
    assert applied(track) == [0.1, 0.1, 0.1, 0.05]
    drivers = {e.scheduler: e for e in run.main.events.of(events.SchedulerConstructed)}
    assert [drivers[each].how for each in (0, 1)] == ["constructed", "found"]
    assert drivers[0].optimizer != drivers[1].optimizer
    assert run.main.ratio(0).scheduler_steps == 1


@pytest.mark.parametrize("kind", ["own", "global", "before"])
def test_a_scheduler_that_a_hook_steps_is_stepped_where_the_hook_is_called(
    recorded, kind
):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        scheduler = ExponentialLR(optimizer, 0.5)
        if kind == "own":
            handle = optimizer.register_step_post_hook(lambda *_: scheduler.step())
        elif kind == "global":
            handle = register_optimizer_step_post_hook(lambda *_: scheduler.step())
        else:
            handle = optimizer.register_step_pre_hook(lambda *_: scheduler.step())
        for _ in range(5):
            step(optimizer, model)
        handle.remove()

    _, run = recorded(train)
    (track,) = run.main.tracks
    begins = 0.25 if kind == "before" else 0.5
    assert track.applied.tolist() == [begins * 0.5**index for index in range(5)]
    assert not run.main.history.items("rate_written")
    (scheduler,) = Training(run.main, is_last=True).schedulers
    ends = 0 if kind == "before" else 1
    assert scheduler.between.tolist() == [1 - ends, *[1] * 4, ends]


def test_a_hook_that_is_called_for_a_step_and_the_one_inside_steps_twice(recorded):
    class Around(SGD):
        def step(self, closure=None):
            return super().step(closure)

    def train():
        SGD(net().parameters())  # torch puts its hooks around both steps
        model = net()
        optimizer = Around(model.parameters(), lr=1.0)
        scheduler = ExponentialLR(optimizer, 0.5)
        optimizer.register_step_post_hook(lambda *_: scheduler.step())
        for _ in range(4):
            step(optimizer, model)

    _, run = recorded(train)
    (track,) = run.main.tracks
    assert track.applied.tolist() == [0.25**index for index in range(4)]
    assert not run.main.history.items("rate_written")
    (scheduler,) = Training(run.main, is_last=True).schedulers
    assert scheduler.between.tolist() == [0, 2, 2, 2, 2]
