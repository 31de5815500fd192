"""What only torch itself can show: real schedulers, real ranks."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch.optim.lr_scheduler import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

import lrscope
from lrscope.audit.finding import INFO, WARNING
from lrscope.capture.recorder import Recorder
from lrscope.recording import opening


def trained(make, steps=12, ask=None):
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    scheduler = make(optimizer)
    for step in range(steps):
        parameter.grad = torch.ones(3)
        optimizer.step()
        scheduler.step()
        if ask is not None:
            ask(scheduler, optimizer, step)


def found(path, *names):
    audit = lrscope.audit_run(lrscope.read_run(path))
    return {each.name: each for each in audit.findings if each.name in names}


def asking(scheduler, *_):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler.get_lr()


@pytest.mark.parametrize(
    ("make", "severity"),
    [
        (lambda o: StepLR(o, 5), WARNING),
        (lambda o: LambdaLR(o, lambda step: 1 / (1 + step)), INFO),
    ],
)
def test_a_rate_asked_of_get_lr_is_seen_with_its_line(tmp_path, make, severity):
    with lrscope.record(tmp_path / "run"):
        trained(make, ask=asking)
    finding = found(tmp_path / "run", "get_lr-used-for-reading")
    assert finding["get_lr-used-for-reading"].severity == severity
    assert finding["get_lr-used-for-reading"].where[0][0] == __file__
    assert finding["get_lr-used-for-reading"].evidence["calls"] == 12


def test_a_scheduler_that_only_steps_is_not_said_to_be_asked(tmp_path):
    with lrscope.record(tmp_path / "run"):
        trained(lambda o: StepLR(o, 5))
    assert not found(tmp_path / "run", "get_lr-used-for-reading")


def inner(optimizer):
    parts = [LinearLR(optimizer, 0.1, 1.0, 3), ExponentialLR(optimizer, 0.9)]
    return SequentialLR(optimizer, parts, [3])


def nested(optimizer):
    parts = [inner(optimizer), ConstantLR(optimizer, 0.01, 100)]
    return SequentialLR(optimizer, parts, [8])


def test_a_sequence_in_a_sequence_is_found_and_a_flat_one_is_not(tmp_path):
    name = "nested-composite-advances"
    with lrscope.record(tmp_path / "nested"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own first step
        trained(nested)
    with lrscope.record(tmp_path / "flat"):
        trained(inner)
    assert found(tmp_path / "nested", name)[name].severity == WARNING
    assert not found(tmp_path / "flat", name)


def test_a_momentum_that_is_cycled_is_told_and_no_mistake(tmp_path):
    name = "momentum-cycled-with-lr"
    with lrscope.record(tmp_path / "run"):
        trained(lambda o: OneCycleLR(o, max_lr=0.1, total_steps=13))
    assert found(tmp_path / "run", name)[name].severity == INFO


@pytest.mark.parametrize("shared", [True, False])
def test_ranks_that_part_are_found_if_they_train_one_model(
    tmp_path, monkeypatch, shared
):
    name = "lr-differs-across-ranks"
    monkeypatch.setenv("WORLD_SIZE", "2")
    segment = opening.begin_segment(tmp_path, ["train"])
    for rank in "01":
        monkeypatch.setenv("RANK", rank)
        recorder = Recorder(str(tmp_path), segment.number)
        recorder.start()
        if shared:
            recorder._journal.event("model_shared", wrapper="FSDP", where=[])
        trained(lambda o, r=rank: StepLR(o, 5 + int(r)))
        recorder.stop()
    opening.end_segment(segment, 0)
    finding = found(tmp_path, name)[name]
    assert (finding.severity > INFO) is shared
    assert finding.evidence["first_update"] == 5


@pytest.mark.parametrize(("metric", "is_told"), [(0.5, True), (None, False)])
def test_a_metric_that_is_always_one_number_is_worth_knowing(tmp_path, metric, is_told):
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    scheduler = ReduceLROnPlateau(optimizer, patience=3)
    with lrscope.record(tmp_path):
        for step in range(8):
            parameter.grad = torch.ones(3)
            optimizer.step()
            scheduler.step(metric or 1 / (1 + step))
    told = found(tmp_path, "plateau-stale-or-missing-monitor")
    assert bool(told) == is_told
    for each in told.values():
        assert each.severity == INFO
        assert "the metric was 0.5 at each of the 8 steps" in each.message


def test_a_warm_up_from_0_is_told_though_a_fresh_state_was_loaded(tmp_path):
    """As accelerate does it, which loads an optimizer with its own state."""
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([parameter], lr=0.1)
    with lrscope.record(tmp_path):
        scheduler = LambdaLR(optimizer, lambda step: min(step / 5, 1.0))
        optimizer.load_state_dict(optimizer.state_dict())
        for _ in range(12):
            parameter.grad = torch.ones(3)
            optimizer.step()
            scheduler.step()
    told = found(tmp_path, "first-update-at-lr-zero")["first-update-at-lr-zero"]
    assert told.cause == "the warm-up begins with a factor of 0"
