"""lrscope.readings: the five rates by name, now."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau

import lrscope
from lrscope.errors import UsageError

from .trainings import net, pair, step


def test_there_are_five_rates_and_the_name_of_their_group():
    rates = ("applied", "next", "scheduler_last", "planned", "effective")
    assert lrscope.Readings._fields == ("group", *rates, "effective_step")


def test_without_a_recorder_nothing_is_known_to_be_applied():
    model = net()
    optimizer = SGD(pair(model))
    scheduler = ExponentialLR(optimizer, 0.5)
    step(optimizer, model)
    scheduler.step()
    assert lrscope.readings(optimizer, scheduler) == (
        ("head", None, 0.05, 0.05, 0.05, None, None),
        ("tail", None, 0.005, 0.005, 0.005, None, None),
    )
    assert [each.scheduler_last for each in lrscope.readings(optimizer)] == [None, None]


def test_while_recording_each_rate_is_what_its_name_says(tmp_path):
    model = net()
    optimizer = SGD(pair(model))
    scheduler = ExponentialLR(optimizer, 0.5)
    with lrscope.record(tmp_path / "run"):
        assert [each.applied for each in lrscope.readings(optimizer)] == [None, None]
        step(optimizer, model)
        assert lrscope.readings(optimizer, scheduler)[0][:4] == ("head", 0.1, 0.1, 0.1)
        scheduler.step()
        assert lrscope.readings(optimizer, scheduler)[0][:4] == (
            "head",
            0.1,
            0.05,
            0.05,
        )
        optimizer.param_groups[1]["lr"] = 7.0
        assert lrscope.readings(optimizer, scheduler)[1][:4] == (
            "tail",
            0.01,
            7.0,
            0.005,
        )
        step(optimizer, model)
        assert [each.applied for each in lrscope.readings(optimizer)] == [0.05, 7.0]
        optimizer.zero_grad()
        optimizer.param_groups[0]["lr"] = 3.0
        optimizer.step()  # there are no gradients: nothing is applied
        assert [each.applied for each in lrscope.readings(optimizer)] == [0.05, 7.0]
    assert [each.applied for each in lrscope.readings(optimizer)] == [None, None]


def test_a_step_that_a_grad_scaler_left_out_applied_nothing(tmp_path):
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    with lrscope.record(tmp_path / "run"):
        for factor in (1.0, float("inf")):
            optimizer.zero_grad()
            scaler.scale(model(torch.ones(1, 4)).sum() * factor).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.param_groups[0]["lr"] = 0.7
            assert lrscope.readings(optimizer)[0].applied == 0.1


def test_applied_stays_with_its_group_when_groups_are_reordered(tmp_path):
    model = net()
    optimizer = SGD(pair(model))
    with lrscope.record(tmp_path / "run"):
        step(optimizer, model)
        optimizer.param_groups.reverse()
        read = {each.group: each.applied for each in lrscope.readings(optimizer)}
    assert read == {"head": 0.1, "tail": 0.01}


def test_a_group_that_was_added_since_has_not_been_applied(tmp_path):
    model = net()
    head, tail = pair(model)
    optimizer = SGD([head])
    with lrscope.record(tmp_path / "run"):
        step(optimizer, model)
        optimizer.add_param_group(tail)
        read = [(each.group, each.applied) for each in lrscope.readings(optimizer)]
    assert read == [("head", 0.1), ("tail", None)]


def test_a_tensor_rate_and_a_plateau_are_read_as_numbers():
    model = net()
    optimizer = SGD(model.parameters(), lr=torch.tensor(0.5))
    scheduler = ReduceLROnPlateau(optimizer)
    [reading] = lrscope.readings(optimizer, scheduler)
    assert (type(reading.next), reading.next, reading.scheduler_last) == (
        float,
        0.5,
        0.5,
    )


def test_something_without_groups_is_refused_in_words():
    with pytest.raises(UsageError, match="needs an optimizer with param_groups, got 3"):
        lrscope.readings(3)
