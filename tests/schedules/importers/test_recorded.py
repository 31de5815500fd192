"""The same from what the recorder wrote down."""

from __future__ import annotations

from bisect import bisect_right

import pytest
import torch
from torch.optim import lr_scheduler as torchs
from torch.optim.swa_utils import SWALR

import lrscope
from lrscope.recording.events import SchedulerConstructed
from lrscope.schedules.importers import NotImported, imported, imported_live

from .stepping import apart, optimizer, stepped, written_forms_agree

STEPS = 250


def transformed(name, **arguments):
    def make(o):
        transformers = pytest.importorskip("transformers")
        return transformers.get_scheduler(
            name, o, 20, 200, scheduler_specific_kwargs=arguments
        )

    return make


def sequence(o):
    return torchs.SequentialLR(
        o,
        [
            torchs.LinearLR(o, 0.1, total_iters=20),
            torchs.CosineAnnealingLR(o, 100, 1e-3),
            SWALR(o, 0.02, 10),
        ],
        [20, 120],
    )


def chain(o):
    return torchs.ChainedScheduler(
        [torchs.ExponentialLR(o, 0.99), torchs.CosineAnnealingLR(o, 30, 1e-3)]
    )


def nested(o):
    first = chain(o)
    return torchs.SequentialLR(o, [first, torchs.StepLR(o, 10)], [50])


MAKERS = {
    "step": lambda o: torchs.StepLR(o, 30),
    "multi-step": lambda o: torchs.MultiStepLR(o, [90, 30, 30, 7.5]),
    "constant": lambda o: torchs.ConstantLR(o, 0.2, 30),
    "linear": lambda o: torchs.LinearLR(o, 0.2, 0.9, 30),
    "exponential": lambda o: torchs.ExponentialLR(o, 0.99),
    "polynomial": lambda o: torchs.PolynomialLR(o, 100, 0.9),
    "cosine": lambda o: torchs.CosineAnnealingLR(o, 100, 1e-3),
    "restarts": lambda o: torchs.CosineAnnealingWarmRestarts(o, 10, 2),
    "one cycle": lambda o: torchs.OneCycleLR(
        o, [0.1, 0.2], epochs=10, steps_per_epoch=20, pct_start=0.4
    ),
    "cyclic": lambda o: torchs.CyclicLR(o, [0.01, 0.02], 0.3, 9, 5, "triangular2"),
    "swa": lambda o: SWALR(o, [0.01, 0.02], 30, "linear"),
    "sequence": sequence,
    "chain": chain,
    "nested": nested,
    "transformers cosine": transformed("cosine", num_cycles=1.5),
    "transformers polynomial": transformed("polynomial", power=2.0),
}


def recorded(tmp_path, *makers):
    """Return the descriptions of schedulers that were made in a recording."""
    with lrscope.record(tmp_path / "run"):
        kept = [make(optimizer()) for make in makers]
        for each in kept:
            for group in each.optimizer.param_groups:
                group["params"][0].grad = torch.ones(1)
            each.optimizer.step()
    run = lrscope.read_run(tmp_path / "run")
    events = [
        each
        for process in run.processes
        for each in process.events
        if isinstance(each, SchedulerConstructed)
    ]
    return events, kept


@pytest.mark.parametrize("name", MAKERS)
def test_a_recorded_description_is_enough(name, tmp_path):
    events, _ = recorded(tmp_path, MAKERS[name])
    found = imported(events[-1], among=events)
    _, course, _ = stepped(MAKERS[name], STEPS)
    assert apart(found, course, 1e-4) < 1e-10
    written_forms_agree(found)


def test_a_child_that_is_not_described_is_named(tmp_path):
    events, _ = recorded(tmp_path, sequence)
    found = imported(events[-1])
    assert isinstance(found, NotImported)
    assert "SequentialLR: scheduler 0" in found.reason


def test_a_recorded_lambda_is_named_with_its_place(tmp_path):
    makers = (
        lambda o: torchs.LambdaLR(o, lambda _: 1.0),
        lambda o: torchs.MultiplicativeLR(o, [lambda _: 1.0, lambda _: 0.5]),
        torchs.ReduceLROnPlateau,
        lambda o: torchs.CyclicLR(o, 0.1, 0.2, scale_fn=lambda _: 1.0),
    )
    events, _ = recorded(tmp_path, *makers)
    reasons = [imported(each).reason for each in events]
    assert "<lambda>" in reasons[0]
    assert "test_recorded.py:" in reasons[0]
    assert "<lambda>" in reasons[1]
    assert "metric" in reasons[2]
    assert "<lambda>" in reasons[3]


@pytest.mark.parametrize("other", [None, object(), 3, {}, [], "StepLR"])
def test_what_is_no_scheduler_is_not_imported_and_says_so(other):
    live, told = imported_live(other), imported(other)
    assert isinstance(live, NotImported)
    assert live.reason.endswith(type(other).__name__)
    assert "a scheduler is needed, got a value of" in live.reason
    assert told == NotImported(
        reason=f"a scheduler is described by class_name and module, got {other!r}"
    )


def test_a_scheduler_that_is_said_to_be_made_of_itself_is_refused():
    own = {"class_name": "ChainedScheduler", "children": [7]}
    refused = imported(own, [0.1], among={7: own})
    assert isinstance(refused, NotImported)
    assert "scheduler 7, which it is made of, is not described" in refused.reason


def began_with_its_first(milestones, step):
    """Return what torch before 2.13 did at the construction of a SequentialLR."""
    return bisect_right(milestones, step) if step else 0


def after_no_warm_up(o):
    return torchs.SequentialLR(
        o,
        [torchs.LinearLR(o, 0.1, total_iters=20), torchs.CosineAnnealingLR(o, 100)],
        [0],
    )


def after_two_of_none(o):
    parts = [
        torchs.ConstantLR(o, 0.5),
        torchs.StepLR(o, 9),
        torchs.ExponentialLR(o, 0.9),
    ]
    return torchs.SequentialLR(o, parts, [0, 0])


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("make", [after_no_warm_up, after_two_of_none, sequence])
def test_a_sequence_begins_as_its_torch_has_it(tmp_path, monkeypatch, make, before):
    if before:
        monkeypatch.setattr(torchs, "bisect_right", began_with_its_first)
    scheduler, course, _ = stepped(make, STEPS)
    events, _ = recorded(tmp_path, make)
    noted = imported(events[-1], among=events)
    for found in (noted, imported_live(make(optimizer())), imported_live(scheduler)):
        assert apart(found, course, 1e-3) < 1e-9
        written_forms_agree(found)
