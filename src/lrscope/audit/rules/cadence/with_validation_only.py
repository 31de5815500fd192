"""The scheduler was stepped only in passes after which one validated.

What it means: one validates after every k-th pass, and the scheduler was stepped then
and only then, though its length counts passes.

Why it matters: the schedule is k times too slow; most of it never happens.

Usual causes: stepping stands in the code for validation; a framework ties the two.

What to do: step the scheduler at the end of every pass.

Looks the same, but is right: decay for each evaluation on purpose, with a length that
counts evaluations (info); ``ReduceLROnPlateau``.

Upstream: Lightning-AI/pytorch-lightning#7737
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if not each.follows_metric and each.per_call == 0
        if any(not p.steps for p in each.training.passes)
        if each.optimizer and each.optimizer.epochs and each.optimizer.epochs.count > 3
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer = scheduler.optimizer
    epochs = optimizer.epochs if optimizer else None
    if optimizer is None or epochs is None:
        return
    stepped = _passes_before(scheduler, np.flatnonzero(scheduler.between))
    rows = [p.first for p in scheduler.training.passes if not p.steps]
    validated = _passes_before(scheduler, np.searchsorted(optimizer.calls, rows))
    gaps = np.unique(np.diff(stepped))
    if stepped.size < 2 or gaps.size != 1 or gaps[0] < 2:
        return
    if not np.array_equal(stepped, validated):
        return
    every = int(gaps[0])
    own = scheduler.event.arguments.get("step_size")
    length = own if isinstance(own, int) else None
    length = scheduler.horizon.steps if scheduler.horizon else length
    short = length is not None and scheduler.steps < length <= 1.1 * epochs.count
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {scheduler.steps} times in {epochs.count} "
        f"passes, only after every {every}th, when one validated",
        cause="its step() stands where validation is, its length counts passes"
        if short
        else "its step() stands where validation is",
        fix="call scheduler.step() at the end of every pass",
        severity=WARNING if short else INFO,
        evidence={"every": every, "length": length},
    )


def _passes_before(
    scheduler: Scheduler, calls: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the passes, from 1, that had ended or begun before some calls."""
    epochs = scheduler.optimizer.epochs if scheduler.optimizer else None
    starts = epochs.starts if epochs else np.zeros(0, np.int64)
    return np.unique(np.searchsorted(starts, calls, "left"))


RULE = Rule(
    code="LR012",
    name="stepped-only-when-validation-runs",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler stepped by pass, and passes in which nothing is trained",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-longer-than-run",),
)
