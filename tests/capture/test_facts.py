"""Facts 1 to 3 of docs/design.md; the number of each is in the name of its test."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import ExponentialLR

from lrscope.recording import events

from .trainings import Plain, applied, net, rates, step


class _Doubled(SGD):
    """A subclass whose step calls super().step(), hooked a second time."""

    def step(self, closure=None):
        return super().step(closure)


class _Sam(torch.optim.Optimizer):
    """Sharpness-aware: holds another optimizer and shares its groups."""

    def __init__(self, params, kind, **settings):
        super().__init__(params, settings)
        self.inner = kind(self.param_groups, **settings)
        self.param_groups = self.inner.param_groups

    @torch.no_grad()
    def step(self, _closure=None):
        for group in self.param_groups:
            for each in group["params"]:
                each.add_(each.grad, alpha=0.01)
                each.sub_(each.grad, alpha=0.01)
        self.inner.step()


def _decay(optimizer, model, steps=4):
    """Train with rates that change, and return those that were in use."""
    used = []
    for _ in range(steps):
        used.append(rates(optimizer))
        step(optimizer, model)
        for group in optimizer.param_groups:
            group["lr"] *= 0.7
    return used


def test_fact_1_the_rate_is_the_one_about_to_be_used_not_the_next(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0)
        scheduler = ExponentialLR(optimizer, 0.5)
        for _ in range(3):
            step(optimizer, model)
            scheduler.step()

    _, run = recorded(train)
    assert applied(run.track("sgd/all")) == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("parent_made", [True, False])
def test_fact_2_a_step_that_calls_super_is_counted_once(recorded, parent_made):
    def train():
        model = net()
        if parent_made:
            SGD(net().parameters(), lr=9.0)  # only now torch hooks SGD.step itself
        return _decay(_Doubled(model.parameters(), lr=0.1), model)

    used, run = recorded(train)
    assert [track.name for track in run.main.tracks] == ["_doubled/all"]
    assert [[each] for each in applied(run.main.tracks[0])] == used
    assert run.main.ratio().updates == len(used)


def test_fact_2_a_sam_like_wrapper_is_counted_once_as_the_inner_optimizer(recorded):
    def train():
        model = net()
        return _decay(_Sam(model.parameters(), AdamW, lr=0.1), model)

    used, run = recorded(train)
    assert [track.optimizer.class_name for track in run.main.tracks] == ["AdamW"]
    assert [[each] for each in applied(run.main.tracks[0])] == used


def test_fact_2_two_optimizers_stepped_inside_each_other_are_both_counted(recorded):
    class Both(torch.optim.Optimizer):
        def __init__(self, params, other):
            super().__init__(params, {"lr": 0.2})
            self.other = other

        def step(self, _closure=None):
            self.other.step()

    def train():
        model, second = net(), net()
        outer = Both(model.parameters(), SGD(second.parameters(), lr=0.3))
        for _ in range(3):
            step(outer, model)

    _, run = recorded(train)
    assert {track.name: len(track.attempted) for track in run.main.tracks} == {
        "both/all": 3,
        "sgd/all": 3,
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fact_2_zero_redundancy_is_counted_once(recorded, tmp_path):
    distributed = pytest.importorskip("torch.distributed")
    from torch.distributed.optim import ZeroRedundancyOptimizer

    def train():
        model = net()
        return _decay(ZeroRedundancyOptimizer(model.parameters(), SGD, lr=0.1), model)

    place = (tmp_path / "store").as_uri()
    distributed.init_process_group("gloo", init_method=place, rank=0, world_size=1)
    try:
        used, run = recorded(train)
    finally:
        distributed.destroy_process_group()
    assert [[each] for each in applied(run.track("sgd/all"))] == used
    assert run.main.ratio().updates == len(used)
    assert (run.main.rank, run.main.world_size) == (0, 1)


def test_fact_3_a_step_that_raises_is_no_update_and_is_noted(recorded):
    class Sometimes(Plain):
        broken = False

        def step(self, closure=None):
            if self.broken:
                raise ValueError("no")
            super().step(closure)

    def train():
        model = net()
        optimizer = Sometimes(model.parameters())
        for index in range(4):
            optimizer.broken = index == 1
            if optimizer.broken:
                with pytest.raises(ValueError, match="no"):
                    step(optimizer, model)
            else:
                step(optimizer, model)

    _, run = recorded(train)
    assert len(run.main.tracks[0].attempted) == 3
    assert len(run.main.events.of(events.StepRaised)) == 1


def test_fact_3_a_step_without_any_gradient_updated_nothing(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        optimizer.step()
        step(optimizer, model)
        optimizer.zero_grad()
        optimizer.step()

    _, run = recorded(train)
    track = run.track("sgd/all")
    assert track.attempted.updated.tolist() == [False, True, False]
    assert track.attempted.steps.tolist() == [0, 1, 2]
    assert applied(track) == [0.1]
    assert track.steps.tolist() == [0]


def test_fact_3_gradients_that_a_closure_makes_count(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)

        def closure():
            loss = model(torch.ones(1, 4)).sum()
            loss.backward()
            return loss

        optimizer.step(closure)

    _, run = recorded(train)
    assert run.track("sgd/all").attempted.updated.tolist() == [True]


def test_fact_1_a_rate_set_by_a_hook_of_the_optimizer_itself_is_the_one_recorded(
    recorded,
):
    # torch runs global hooks first, then those of the optimizer
    def warm_up(optimizer, *_):
        optimizer.param_groups[0]["lr"] += 0.25

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.25)
        optimizer.register_step_pre_hook(warm_up)
        for _ in range(3):
            step(optimizer, model)

    _, run = recorded(train)
    assert applied(run.track("sgd/all")) == [0.5, 0.75, 1.0]
