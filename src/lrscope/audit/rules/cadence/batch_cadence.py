"""A schedule counted in passes was stepped at every update.

What it means: ``step_size``, ``milestones`` or ``T_max`` fit the number of passes over
the data, but ``step()`` was called once for each update.

Why it matters: the rate collapses to nothing within the first passes, or a cosine
swings up and down many times; most of the run trains at a wrong rate.

Usual causes: ``scheduler.step()`` stands in the loop over batches while its arguments
were chosen in epochs.

What to do: move ``scheduler.step()`` out of the loop over batches, or multiply the
arguments by the number of updates in a pass.

Looks the same, but is right: milestones that are meant as iterations; cosines or
decays that are short on purpose and do not bring the rate to nothing; a rate that
grows at every update, to find a good one.

Upstream: ivadomed/ivadomed#55, ivadomed/ivadomed#57, nodefluxio/vortex#58,
facebookresearch/detectron2#2058
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.rounds import passes_by_hand
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

COLLAPSED = 1e-3
"""Share of the peak below which a rate has collapsed."""

KINDS = (
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "CosineAnnealingLR",
    "PolynomialLR",
    "LinearLR",
)


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if each.class_name in KINDS and not each.by_argument
        if _passes(each)[0]
    ]


def _passes(scheduler: Scheduler) -> tuple[int, int]:
    """Return how many passes there were, and the updates in each; 0 if unknown."""
    epochs = scheduler.epochs
    if epochs is None:
        count = passes_by_hand(scheduler) or 0
        return count, scheduler.updates // count if count else 0
    if not epochs.whole.any():
        return 0, 0
    return epochs.count, epochs.calls_per_pass or 1


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    updates = scheduler.updates
    passes, per_pass = _passes(scheduler)
    length = _length(scheduler)
    if scheduler.per_call < 1 or per_pass < 3 or length is None:
        return
    if not _is_in_passes(scheduler.class_name, length, passes, per_pass):
        return
    over = _over_at(scheduler, length)
    if over is None or over > updates / 2:
        return
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was over at update {over} of {updates}: it was "
        f"stepped {scheduler.steps} times in {passes} passes",
        cause="it is stepped once for each update, its arguments count passes",
        fix="call scheduler.step() once for each pass, or multiply its arguments by "
        f"the {per_pass} updates in a pass",
        steps=(over, updates - 1),
        evidence={"updates_per_pass": per_pass, "length": length},
    )


def _length(scheduler: Scheduler) -> float | None:
    """Return what the scheduler counts as one period."""
    own = scheduler.event.arguments
    if scheduler.class_name == "StepLR":
        return float(own.get("step_size", 0)) or None
    if scheduler.class_name == "ExponentialLR":
        return 1.0
    horizon = scheduler.horizon
    return None if horizon is None or horizon.rises_only else float(horizon.steps)


def _is_in_passes(kind: str, length: float, passes: int, per_pass: int) -> bool:
    if kind in {"StepLR", "ExponentialLR"}:
        return length <= passes
    if kind == "MultiStepLR":
        return length <= min(passes, per_pass)
    return 0.9 * passes <= length <= 1.1 * passes


def _over_at(scheduler: Scheduler, length: float) -> int | None:
    """Return the update at which there was nothing left to schedule, or None."""
    if scheduler.class_name not in {"StepLR", "ExponentialLR"}:
        return int(length) // max(1, scheduler.per_call)
    over = [_collapsed_at(each) for each in scheduler.groups]
    known = [each for each in over if each is not None]
    return max(known) if known and len(known) == len(over) else None


def _collapsed_at(group: Group) -> int | None:
    """Return where the rate fell to nothing; one that grows only began there."""
    fell = group.applied < COLLAPSED * group.peak
    fell &= np.logical_or.accumulate(group.applied == group.peak)
    found = np.flatnonzero(fell)
    return int(found[0]) if found.size else None


RULE = Rule(
    code="LR003",
    name="batch-cadence-for-epoch-schedule",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler whose arguments count steps, and whole passes over a DataLoader "
    "or loops whose number of rounds the source or an option like --epochs tells",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "cosine-past-T_max-climbs-back",
        "schedule-shorter-than-run",
        "lr-decays-too-fast",
    ),
)
