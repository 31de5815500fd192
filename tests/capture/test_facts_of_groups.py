"""Facts 6 and 7 of docs/design.md; the number of each is in the name of its test."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.optim import SGD

import lrscope
from lrscope.errors import NotARun, UsageError

from .trainings import (
    applied,
    loss_of,
    net,
    pair,
    same,
    step,
    weights_of,
)


def test_the_name_of_an_optimizer_finds_its_only_group(recorded):
    def train(*more):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        for each in more:
            optimizer.add_param_group({"params": each})
        step(optimizer, model)

    _, run = recorded(train)
    assert run.track("sgd").name == "sgd/all"
    _, run = recorded(train, [torch.nn.Parameter(torch.ones(1))])
    with pytest.raises(UsageError, match=r"'sgd'; .* are: sgd/group0, sgd/group1$"):
        run.track("sgd")


def test_the_only_group_is_the_first_of_several_once_another_is_added(recorded):
    def train(name):
        model = net()
        first = {"params": model[0].parameters(), **name}
        optimizer = SGD([first], lr=0.1)
        step(optimizer, model)
        optimizer.add_param_group({"params": model[2].parameters()})
        step(optimizer, model)

    _, run = recorded(train, {})
    assert [each.name for each in run.main.tracks] == ["sgd/group0", "sgd/group1"]
    assert run.track("sgd/all") is run.track("all") is run.track("sgd/group0")
    _, run = recorded(train, {"name": "body"})
    assert [each.name for each in run.main.tracks] == ["sgd/body", "sgd/group1"]
    with pytest.raises(UsageError):
        run.track("sgd/all")


def test_fact_6_groups_stay_the_same_when_a_state_is_loaded(recorded):
    def train():
        model = net()
        optimizer = SGD(pair(model))
        step(optimizer, model)
        saved = copy.deepcopy(optimizer.state_dict())
        saved["param_groups"][0]["lr"] = 0.5
        optimizer.load_state_dict(saved)
        step(optimizer, model)

    _, run = recorded(train)
    assert applied(run.track("sgd/head")) == [0.1, 0.5]
    assert applied(run.track("sgd/tail")) == [0.01, 0.01]
    assert len(run.main.tracks) == 2


def _reverse(groups):
    return groups[::-1]


def _reverse_in_place(groups):
    groups.reverse()
    return groups


def _swap_in_place(groups):
    groups[0], groups[1] = groups[1], groups[0]
    return groups


@pytest.mark.parametrize("reorder", [_reverse, _reverse_in_place, _swap_in_place])
def test_fact_6_groups_keep_their_identity_when_they_are_reordered(recorded, reorder):
    def train():
        model = net()
        optimizer = SGD(pair(model))
        step(optimizer, model)
        optimizer.param_groups = reorder(optimizer.param_groups)
        step(optimizer, model)
        step(optimizer, model)

    _, run = recorded(train)
    assert applied(run.track("sgd/head")) == [0.1] * 3
    assert applied(run.track("sgd/tail")) == [0.01] * 3


def test_fact_6_another_group_in_the_place_of_one_is_another_group(recorded):
    def train():
        model = net()
        optimizer = SGD([pair(model)[0]])
        step(optimizer, model)
        tail = {**optimizer.param_groups[0], **pair(model)[1]}
        optimizer.param_groups[0] = tail | {"params": list(model[2].parameters())}
        step(optimizer, model)

    _, run = recorded(train)
    assert applied(run.track("sgd/head")) == [0.1]
    assert applied(run.track("sgd/tail")) == [0.01]


def test_fact_6_a_group_added_later_has_a_track_from_then_on(recorded):
    def train():
        model = net()
        head, tail = pair(model)
        optimizer = SGD([head])
        step(optimizer, model)
        optimizer.add_param_group(tail)
        step(optimizer, model)

    _, run = recorded(train)
    assert applied(run.track("sgd/head")) == [0.1, 0.1]
    assert applied(run.track("sgd/tail")) == [0.01]
    assert run.track("sgd/tail").attempted.steps.tolist() == [1]


class _Wrapper:
    """Looks like an optimizer and never calls Optimizer.__init__."""

    __slots__ = ("inner",)

    def __init__(self, inner):
        self.inner = inner

    @property
    def param_groups(self):
        return self.inner.param_groups

    def zero_grad(self):
        self.inner.zero_grad()

    def step(self):
        self.inner.step()


def test_fact_7_behind_a_wrapper_the_inner_optimizer_is_recorded(recorded):
    def train():
        model = net()
        wrapper = _Wrapper(SGD(model.parameters(), lr=0.1))
        step(wrapper, model)
        step(wrapper, model)

    _, run = recorded(train)
    assert applied(run.track("sgd/all")) == [0.1, 0.1]


@pytest.mark.parametrize("bad", [1.0, float("inf")])
def test_fact_7_a_wrapper_given_to_a_grad_scaler_trains_as_without_us(recorded, bad):
    def train():
        model = net()
        wrapper = _Wrapper(SGD(model.parameters(), lr=0.1))
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        for factor in (1.0, bad, 1.0):
            wrapper.zero_grad()
            scaler.scale(loss_of(model) * factor).backward()
            scaler.step(wrapper)
            scaler.update()
        return weights_of(model)

    plain = train()
    watched, run = recorded(train)
    assert same(watched, plain)
    assert [track.name for track in run.main.tracks] == ["sgd/all"]
    assert run.track("sgd/all").applied.size == (3 if bad == 1.0 else 2)


def test_fact_7_a_block_without_a_step_leaves_no_recording(tmp_path):
    with lrscope.record(tmp_path / "run"):
        SGD(net().parameters(), lr=0.1)
    with pytest.raises(NotARun, match="no optimizer step was seen"):
        lrscope.read_run(tmp_path / "run")
