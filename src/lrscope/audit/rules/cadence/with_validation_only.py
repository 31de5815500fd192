"""The scheduler was stepped only in passes after which one validated.

What it means: one validates after every k-th pass, and the scheduler was stepped then
and only then, though its length counts passes.

Why it matters: the schedule is k times too slow; most of it never happens.

Usual causes: stepping stands in the code for validation; a framework ties the two.

What to do: step the scheduler at the end of every pass.

Looks the same, but is right: decay for each evaluation on purpose, by a factor for each
or with a length that counts evaluations (info); ``ReduceLROnPlateau``.

Upstream: Lightning-AI/pytorch-lightning#7737
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.gated import stands_where_validation_is
from lrscope.audit.facts.held import held_by
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding
    from lrscope.recording.epochs import Epochs

LEAST = 2
"""Drops that a run must have had room for."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if not each.follows_metric and each.per_call == 0 and each.steps > 1
        if _count_of_passes(each) > 3
        if any(not p.steps for p in each.training.passes)
        or stands_where_validation_is(each)
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    count = _count_of_passes(scheduler)
    by_source = stands_where_validation_is(scheduler)
    if not by_source and not _at_every_validation(scheduler):
        return
    length = _length(scheduler, count)
    far = length is not None and (length >= 1.5 * scheduler.steps or not by_source)
    short = far and scheduler.steps < (length or 0) <= 1.1 * count
    by_stairs = _counts_passes(scheduler, count)
    what = "passes" if scheduler.epochs else "updates"
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {scheduler.steps} times in {count} {what}, "
        "only when one validated",
        cause=f"its step() stands where validation is, its length counts {what}"
        if short or by_stairs
        else "its step() stands where validation is",
        fix="call scheduler.step() at the end of every pass",
        severity=WARNING if short or by_stairs else INFO,
        evidence={"length": length, "by_source": by_source},
    )


def _length(scheduler: Scheduler, count: int) -> int | None:
    """Return its length, or the number that it holds which is that of the passes."""
    if scheduler.horizon is not None:
        return scheduler.horizon.steps
    held = held_by(scheduler).values()
    return next((int(each) for each in held if 0.9 <= each / count <= 1.1), None)


def _counts_passes(scheduler: Scheduler, count: int) -> bool:
    """Say whether its stairs come to one drop, where counted in passes to several.

    Stairs that count evaluations are made for more drops than one.
    """
    size = scheduler.event.arguments.get("step_size")
    if not isinstance(size, int) or size < 2:
        return False
    return scheduler.steps < 2 * size and count // size > LEAST


def _count_of_passes(scheduler: Scheduler) -> int:
    """Return the passes over the data; of updates, where no loader shows passes."""
    return scheduler.epochs.count if scheduler.epochs else int(scheduler.calls.size)


def _at_every_validation(scheduler: Scheduler) -> bool:
    """Say whether it was stepped after those passes after which one validated."""
    epochs = scheduler.epochs
    if epochs is None:
        return False
    stepped = _passes_before(epochs, np.flatnonzero(scheduler.between))
    rows = [p.first for p in scheduler.training.passes if not p.steps]
    validated = _passes_before(epochs, np.searchsorted(scheduler.calls, rows))
    if not 2 <= stepped.size <= 0.6 * epochs.count:
        return False
    return np.array_equal(stepped, validated[validated > 0])


def _passes_before(epochs: Epochs, calls: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the passes, from 1, that had ended or begun before some calls."""
    return np.unique(np.searchsorted(epochs.starts, calls, "left"))


RULE = Rule(
    code="LR012",
    name="stepped-only-when-validation-runs",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler not stepped for every update, and four passes with validations",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-longer-than-run",),
)
