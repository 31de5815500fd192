"""What the driver planned is what an independent witness saw applied."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lrscope

from .training import PLAN, parameter, sgd, update


@pytest.mark.parametrize("tensor", [False, True])
def test_the_recorder_sees_what_the_driver_planned(tmp_path, tensor):
    optimizer = sgd(0.1, 0.003, tensor=tensor)
    driver = lrscope.drive(optimizer, PLAN)
    with lrscope.record(tmp_path / "run"):
        update(optimizer, 60)
    tracks = lrscope.read_run(tmp_path / "run").main.tracks
    planned = driver.preview(60)
    for track, expected in zip(tracks, planned.values(), strict=True):
        assert np.array_equal(track.applied, expected)


def findings_of(directory, optimizer, plan, written_by_hand=None):
    with lrscope.record(directory):
        scheduler = lrscope.as_torch(plan, optimizer)
        for step in range(45):
            if step == written_by_hand:
                optimizer.param_groups[0]["lr"] = 0.25
            update(optimizer)
            scheduler.step()
    audit = lrscope.audit_run(lrscope.read_run(directory))
    return [each.name for each in audit.findings]


def test_an_audit_knows_what_a_scheduler_of_ours_follows(tmp_path):
    plan = {0: PLAN, ...: None}
    assert findings_of(tmp_path / "a", sgd(0.1, 0.003), plan) == []
    differs = findings_of(tmp_path / "b", sgd(0.1, 0.003), plan, written_by_hand=30)
    assert differs == ["applied-differs-from-plan"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(overflows=st.lists(st.booleans(), min_size=1, max_size=15), fused=st.booleans())
def test_the_recorder_counts_the_updates_that_the_driver_counts(
    tmp_path_factory, overflows, fused
):
    weight = parameter()
    optimizer = torch.optim.SGD([weight], lr=0.1, fused=fused)
    driver = lrscope.drive(optimizer, PLAN)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    directory = tmp_path_factory.mktemp("runs") / "run"
    with lrscope.record(directory):
        for overflow in overflows:
            scaler.scale(weight.sum() * (float("inf") if overflow else 1.0)).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
    (track,) = lrscope.read_run(directory).main.tracks
    assert driver.step == len(track.applied) == overflows.count(False)
    assert np.array_equal(track.applied, driver.preview(driver.step)["all"])
