"""Who wrote a rate when it was a hook of the optimizer, or our own driver."""

from __future__ import annotations

import gc
import inspect

import pytest
import torch

import lrscope
from lrscope.recording.events import PlanDeclared, RateWritten

PLAN = lrscope.warmup(5) >> lrscope.cosine(15)


def small():
    model = torch.nn.Linear(2, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def train(model, optimizer, steps):
    for _ in range(steps):
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()


def test_a_rate_written_in_a_hook_is_credited_to_the_hook(tmp_path):
    model, optimizer = small()

    def halve(opt, _args, _kwargs):
        opt.param_groups[0]["lr"] /= 2

    optimizer.register_step_pre_hook(halve)
    with lrscope.record(tmp_path / "run"):
        train(model, optimizer, 4)
    process = lrscope.read_run(tmp_path / "run").main
    assert process.tracks[0].applied.tolist() == [0.05, 0.025, 0.0125, 0.00625]
    written = process.events.of(RateWritten)
    line = inspect.getsourcelines(halve)[1]
    assert [each.row for each in written] == [0, 1, 2, 3]
    assert {each.where for each in written} == {((__file__, line),)}


def test_what_a_driver_writes_is_credited_to_the_driver(tmp_path):
    model, optimizer = small()
    with lrscope.record(tmp_path / "run"):
        lrscope.drive(optimizer, PLAN)
        train(model, optimizer, 20)
    process = lrscope.read_run(tmp_path / "run").main
    (track,) = process.tracks
    assert track.applied.tolist() == (0.1 * PLAN(range(20))).tolist()
    assert not process.events.of(RateWritten)
    (name,) = track.changed_by
    assert name.startswith("driver (test_plans_and_hooks.py:")


def test_a_driver_made_before_recording_began_is_known(tmp_path):
    gc.collect()  # drivers of other tests are known, too, while they live
    model, optimizer = small()
    driver = lrscope.drive(optimizer, PLAN)
    with lrscope.record(tmp_path / "run"):
        train(model, optimizer, 3)
    (told,) = lrscope.read_run(tmp_path / "run").main.events.of(PlanDeclared)
    assert told.optimizer == 0
    (lane,) = told.plan["keys"]["lr"]
    assert lane["text"] == repr(PLAN)
    assert driver.step == 3


def test_a_hand_beside_a_driver_is_still_seen(tmp_path):
    model, optimizer = small()
    with lrscope.record(tmp_path / "run"):
        lrscope.drive(optimizer, PLAN)
        train(model, optimizer, 3)
        optimizer.param_groups[0]["lr"] = 7.0
        with pytest.warns(UserWarning, match="two-writers"):
            train(model, optimizer, 1)
    process = lrscope.read_run(tmp_path / "run").main
    assert process.tracks[0].applied[-1] == 0.1 * PLAN(3)
    assert len(process.events.of(RateWritten)) == 1


def test_numbers_beside_the_rate_that_a_driver_writes_are_right_from_the_first_step(
    tmp_path,
):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1
    )
    momentum = lrscope.linear(10, start=0.5, end=0.95)
    decay = lrscope.linear(10, start=0.5, end=1.0)
    with lrscope.record(tmp_path / "run"):
        lrscope.drive(
            optimizer,
            lrscope.linear(10),
            momentum=momentum.absolute(),
            weight_decay=decay,
        )
        train(model, optimizer, 4)
    (track,) = lrscope.read_run(tmp_path / "run").main.tracks
    assert track.setting("momentum").tolist() == momentum(range(4)).tolist()
    assert track.setting("weight_decay").tolist() == (0.1 * decay(range(4))).tolist()
