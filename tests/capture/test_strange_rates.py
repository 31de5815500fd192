"""Whatever stands in a group as its rate is no trouble."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.optim import SGD

from lrscope.recording import events

from .trainings import (
    Plain,
    applied,
    net,
    pair,
    same,
    step,
    weights_of,
)


class _Strange(Plain):
    """Takes whatever stands in its groups, even nothing."""


@pytest.mark.parametrize(
    ("value", "recorded_as"),
    [
        ("0.1", None),
        (0.1 + 1j, None),
        (None, None),
        ([0.1], None),
        (torch.tensor([0.1, 0.2]), None),
        (np.float64(0.3), 0.3),
        (np.float32(0.5), 0.5),
        (np.array(0.25), 0.25),
        (torch.tensor([0.5]), 0.5),
        (2, 2.0),
        (10**400, None),
        (-1.0, -1.0),
    ],
    ids=lambda each: repr(each)[:20],
)
@pytest.mark.parametrize("later", [False, True])
def test_a_strange_rate_is_no_trouble(recorded, capfd, value, recorded_as, later):
    def train():
        model = net()
        optimizer = _Strange(pair(model))
        for index in range(3):
            if index or not later:
                optimizer.param_groups[1]["lr"] = value
            step(optimizer, model)
        return weights_of(model)

    plain = train()
    watched, run = recorded(train)
    assert same(watched, plain)
    assert applied(run.main.tracks[0]) == [0.1] * 3
    told = run.main.tracks[1].attempted.lr[-2:].tolist()
    assert told == [recorded_as] * 2 or (recorded_as is None and told[0] != told[0])
    assert not run.main.events.of(events.Trouble)
    assert capfd.readouterr().err == ""
    notes = run.main.events.of(events.RateIsNoNumber)
    assert len(notes) == (recorded_as is None)


def test_a_group_without_a_rate_is_no_trouble(recorded):
    def train():
        model = net()
        optimizer = _Strange(model.parameters())
        del optimizer.param_groups[0]["lr"]
        step(optimizer, model)
        step(optimizer, model)

    _, run = recorded(train)
    assert run.main.ratio().updates == 2
    assert not run.main.events.of(events.Trouble)


def test_an_optimizer_whose_parameters_never_have_gradients_is_no_trouble(recorded):
    def train():
        optimizer = SGD([torch.zeros(3)], lr=0.1)
        for _ in range(3):
            optimizer.step()

    _, run = recorded(train)
    assert run.track("sgd/all").attempted.updated.tolist() == [False] * 3
