"""Facts 8 to 16 of docs/design.md; the number of each is in the name of its test."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest
import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    SequentialLR,
    StepLR,
)

from lrscope.capture import late
from lrscope.capture import rates as reading
from lrscope.capture.numbers import is_tensor
from lrscope.recording import events

from .trainings import (
    Plain,
    applied,
    collected,
    line,
    loss_of,
    net,
    pair,
    rates,
    same,
    step,
    weights_of,
)


def _compiled_step(optimizer, model, scheduler):
    compiled = torch.compile(optimizer.step, backend="eager")
    for _ in range(4):
        optimizer.zero_grad()
        loss_of(model).backward()
        compiled()
        scheduler.step()


def _compiled_training(optimizer, model, scheduler):
    def once():
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        optimizer.step()

    compiled = torch.compile(once, backend="eager")
    for _ in range(4):
        compiled()
        scheduler.step()


class _AtOnce:
    """Stands for a number on a device; its copy would not do in a compiler's graph."""

    def __init__(self, tensor):
        self._numbers = tensor.tolist()

    def has_come(self):
        return True

    def numbers(self):
        return self._numbers


@pytest.mark.parametrize("loop", [_compiled_step, _compiled_training])
def test_a_rate_on_a_device_is_copied_outside_of_the_graphs_of_a_compiler(
    recorded, monkeypatch, loop
):
    monkeypatch.setattr(late, "Arrival", _AtOnce)
    monkeypatch.setattr(reading, "is_late", is_tensor)

    def train():
        torch._dynamo.reset()
        model = net()
        optimizer = AdamW(model.parameters(), lr=torch.tensor(0.5))
        loop(optimizer, model, ExponentialLR(optimizer, 0.5))

    _, run = recorded(lambda: collected(train)[0])
    assert run.main.tracks[0].applied.tolist() == [0.5, 0.25, 0.125, 0.0625]


@pytest.mark.parametrize("loop", [_compiled_step, _compiled_training])
def test_facts_8_and_15_a_compiled_step_is_seen_every_time(recorded, loop):
    def train():
        torch._dynamo.reset()
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0, momentum=0.5)
        scheduler = ExponentialLR(optimizer, 0.5)
        loop(optimizer, model, scheduler)
        return weights_of(model)

    def quietly():
        return collected(train)[0]  # dynamo warns about the profiler it meets

    plain = quietly()
    watched, run = recorded(quietly)
    assert same(watched, plain)
    assert applied(run.track("sgd/all")) == [1.0, 0.5, 0.25, 0.125]


def test_fact_9_a_step_that_runs_no_python_is_not_made_up(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        step(optimizer, model)
        with torch.no_grad():  # what replaying a graph does: weights move, no hook runs
            model[0].weight.sub_(model[0].weight.grad)

    _, run = recorded(train)
    assert len(run.track("sgd/all").attempted) == 1


def test_fact_10_states_and_pickles_are_unchanged(recorded):
    def train():
        model = net()
        optimizer = SGD(pair(model), momentum=0.9)
        first = LinearLR(optimizer, total_iters=2)
        scheduler = SequentialLR(optimizer, [first, StepLR(optimizer, 2)], [2])
        for _ in range(4):
            step(optimizer, model)
            scheduler.step()
        vars_of = [sorted(vars(each)) for each in (optimizer, first, scheduler)]
        return (
            vars_of,
            pickle.dumps(scheduler.state_dict()),
            optimizer.state_dict(),
            [
                sorted(vars(pickle.loads(pickle.dumps(each))))
                for each in (first, optimizer)
            ],
            pickle.loads(pickle.dumps(first)).state_dict(),
            pickle.loads(pickle.dumps(optimizer)).state_dict(),
        )

    plain, _ = collected(train)
    (watched, _), _ = recorded(lambda: collected(train))
    assert same(watched, plain)


def test_fact_13_the_order_of_loading_and_making_is_in_the_events(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = StepLR(optimizer, 3)
        saved = optimizer.state_dict(), scheduler.state_dict()
        optimizer.load_state_dict(saved[0])
        again = ExponentialLR(optimizer, 0.5)
        again.load_state_dict(saved[1])
        step(optimizer, model)

    _, run = recorded(train)
    loading = (
        events.OptimizerConstructed,
        events.SchedulerConstructed,
        events.OptimizerStateLoaded,
        events.SchedulerStateLoaded,
    )
    assert [type(each) for each in run.main.events if isinstance(each, loading)] == [
        loading[0], loading[1], loading[2], loading[1], loading[3],
    ]  # fmt: skip


def test_fact_14_a_scheduler_warns_with_the_same_words_at_the_same_line(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = StepLR(optimizer, 3)
        scheduler.step()  # before the first optimizer step
        step(optimizer, model)
        scheduler.step(7)  # deprecated
        scheduler.get_lr()
        second = StepLR(optimizer, 3)
        optimizer.step = SGD.step.__get__(optimizer)
        second.step()  # and optimizer.step was overridden

    _, plain = collected(train)
    (_, watched), _ = recorded(lambda: collected(train))
    assert watched == plain
    assert len([each for each in plain if each[0] == __file__]) >= 3


def test_fact_14_a_grad_scaler_warns_with_the_same_words_at_the_same_line(recorded):
    class Scaling(Plain):
        _step_supports_amp_scaling = True

        def step(self, closure=None, grad_scaler=None):  # noqa: ARG002
            super().step(closure)

    def train():
        model = net()
        optimizer = Scaling(model.parameters())
        scaler = torch.amp.GradScaler("cpu")
        scaler.scale(loss_of(model)).backward()
        scaler.step(optimizer)
        return line()

    here, plain = collected(train)
    (_, watched), _ = recorded(lambda: collected(train))
    assert (__file__, here) in [each[:2] for each in plain]
    assert watched == plain


def test_fact_14_nested_schedulers_are_counted_once_with_their_depth(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0)
        both = ChainedScheduler(
            [ExponentialLR(optimizer, 0.5), LambdaLR(optimizer, _one)]
        )
        for _ in range(3):
            step(optimizer, model)
            both.step()
        return rates(optimizer)

    _, run = recorded(train)
    stepped = run.main.events.of(events.SchedulerStepped)
    assert Counter(each.depth for each in stepped) == {0: 3, 1: 6}
    assert run.main.ratio().scheduler_steps == 3
    made = {
        each.class_name: each
        for each in run.main.events.of(events.SchedulerConstructed)
    }
    outer = made["ChainedScheduler"]
    assert [made["ExponentialLR"].scheduler, made["LambdaLR"].scheduler] == list(
        outer.children
    )
    assert {each.scheduler for each in stepped if each.depth == 0} == {outer.scheduler}


def _one(_):
    return 1.0


def test_fact_14_a_scheduler_that_calls_super_is_counted_once(recorded):
    class Custom(ExponentialLR):
        def step(self, _epoch=None):
            super().step()

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0)
        scheduler = Custom(optimizer, 0.5)
        for _ in range(3):
            step(optimizer, model)
            scheduler.step()

    _, run = recorded(train)
    assert run.main.ratio().scheduler_steps == 3
    [made] = run.main.events.of(events.SchedulerConstructed)
    assert made.class_name == "Custom"


class TwoSteps(torch.optim.Optimizer):
    """SAM as it is mostly used: what trains is the optimizer inside, in two steps."""

    def __init__(self, params, base, **more):
        super().__init__(params, more)
        self.base_optimizer = base(self.param_groups, **more)
        self.param_groups = self.base_optimizer.param_groups

    def second_step(self):
        self.base_optimizer.step()


@pytest.mark.filterwarnings("ignore:Detected call of")  # SAM.step is never called
def test_a_scheduler_of_a_wrapper_is_one_of_the_optimizer_inside(recorded):
    def train():
        model = net()
        outer = TwoSteps(model.parameters(), SGD, lr=1.0)
        scheduler = ExponentialLR(outer, 0.5)
        for _ in range(3):
            loss_of(model).backward()
            outer.second_step()
            scheduler.step()
            outer.zero_grad()

    _, run = recorded(train)
    (track,) = run.main.tracks
    assert track.applied.tolist() == [1.0, 0.5, 0.25]
    assert run.main.ratio().scheduler_steps == 3
    assert not run.main.events.of(events.RateWritten)
    [made] = run.main.events.of(events.SchedulerConstructed)
    assert made.optimizer == track.number
    assert made.wrapper == "TwoSteps"


class Face(torch.optim.Optimizer):
    """One for two optimizers, as trainings with Muon have it."""

    def __init__(self, *optimizers):
        self.optimizers = optimizers
        groups = [group for each in optimizers for group in each.param_groups]
        super().__init__(groups, {})
        self.param_groups = groups

    def step(self, closure=None):
        del closure
        for each in self.optimizers:
            each.step()


def train_two(around, *models):
    scheduler = ExponentialLR(around, 0.5)
    for _ in range(4):
        sum(map(loss_of, models)).backward()
        around.step()
        scheduler.step()
        around.zero_grad()


class Copying(torch.optim.Optimizer):
    """An optimizer around two, with groups of its own whose rates it passes on."""

    def __init__(self, *inner):
        params = [p for each in inner for g in each.param_groups for p in g["params"]]
        super().__init__(params, {"lr": 1.0})
        self.inner = inner

    def step(self, closure=None):
        del closure
        for each in self.inner:
            each.param_groups[0]["lr"] = self.param_groups[0]["lr"]
            each.step()


def test_what_a_scheduler_wrote_and_a_step_around_passes_on_is_not_by_hand(recorded):
    def train():
        one, two = net(), net()
        around = Copying(SGD(one.parameters(), lr=1.0), SGD(two.parameters(), lr=1.0))
        train_two(around, one, two)

    _, run = recorded(train)
    assert [each.applied.tolist() for each in run.main.tracks] == [
        [1, 0.5, 0.25, 0.125]
    ] * 2
    assert not run.main.events.of(events.RateWritten)


def test_a_scheduler_of_a_face_is_one_of_all_optimizers_behind_it(recorded):
    def train():
        one, two = net(), net()
        face = Face(SGD(one.parameters(), lr=1.0), AdamW(two.parameters(), lr=0.1))
        train_two(face, one, two)

    _, run = recorded(train)
    assert [each.name for each in run.main.tracks] == ["sgd/all", "adamw/all"]
    for track in run.main.tracks:
        assert [each.split(" (")[0] for each in track.changed_by] == ["ExponentialLR"]
        assert run.main.ratio(track.optimizer.index).scheduler_steps == 4
    assert not run.main.events.of(events.RateWritten)


def test_fact_16_what_happened_between_steps_is_in_order_with_its_line(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0)
        scheduler = StepLR(optimizer, 5)
        lines = []
        for _ in range(3):
            loss_of(model).backward()
            optimizer.step()
            scheduler.step()
            lines.append(line())
        return lines

    lines, run = recorded(train)
    kinds = (events.Backward, events.OptimizerStepped, events.SchedulerStepped)
    told = [each for each in run.main.events if isinstance(each, kinds)]
    assert [type(each) for each in told] == [*kinds] * 3
    assert [each.where for each in told[2::3]] == [(__file__, each) for each in lines]
