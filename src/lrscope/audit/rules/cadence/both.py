"""One scheduler was stepped after every update and again after every pass.

What it means: most updates are followed by one step of the scheduler; at the end of a
pass there are two, with no update between them.

Why it matters: the rate takes an extra notch at each pass, so the schedule is over
before the run is.

Usual causes: two lines step the same object, one in the loop over batches and one in
the loop over passes; a trainer's callback steps what the loop steps already.

What to do: keep one of the two calls.

Looks the same, but is right: a step for each batch, those without an update too; two
different scheduler objects, one stepped by update and one by pass (torchvision's
detection recipe); one object stepped by update while it warms up and by pass after
that.

Upstream: aimagelab/meshed-memory-transformer#71, pytorch/vision#1261
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if not each.follows_metric
        if len(each.sites) > 1 or each.epochs
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    inner = scheduler.between[1:]
    doubled = np.flatnonzero(inner == 2)
    single = int((inner == 1).sum())
    if scheduler.per_call != 1 or doubled.size < 2 or single < 2 * doubled.size:
        return
    if (inner > 2).any() or not (_two_lines(scheduler) or _at_passes(scheduler)):
        return
    if _left_updates_out(scheduler, doubled) or _counts_all(scheduler):
        return
    lines = ", ".join(f"{line} ({n} times)" for (_, line), n in scheduler.sites.items())
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped twice without an update between "
        f"{doubled.size} times, once everywhere else: {scheduler.steps} steps in all",
        cause=f"it is stepped both after each update and after each pass: line {lines}",
        fix="keep one of the two calls of scheduler.step()",
        steps=(int(doubled[0]), int(doubled[-1])),
        evidence={"twice_after_updates": doubled[:20].tolist()},
    )


def _left_updates_out(scheduler: Scheduler, doubled: NDArray[np.int64]) -> bool:
    """Say whether a batch came between the two steps, with no update of its own."""
    optimizer = scheduler.optimizer
    if optimizer is None or not optimizer.backward_per_call:
        return False
    batches = optimizer.backward[1:][doubled] / optimizer.backward_per_call
    return bool((batches >= 2).all())


def _counts_all(scheduler: Scheduler) -> bool:
    """Say whether its length is that of all its steps, so that all were meant."""
    return scheduler.fits_the_run and scheduler.position == scheduler.horizon_steps


def _two_lines(scheduler: Scheduler) -> bool:
    """Say whether the steps of one line always follow those of another."""
    by_line = [scheduler.between_at(site)[1:] for site in scheduler.sites]
    if len(by_line) < 2:
        return False
    seldom = min(by_line, key=lambda each: int(each.sum()))
    others = scheduler.between[1:] - seldom
    return bool((others[seldom > 0] > 0).mean() > 0.8)


def _at_passes(scheduler: Scheduler) -> bool:
    """Say whether the double steps stand where passes end."""
    epochs = scheduler.epochs
    if epochs is None:
        return False
    ends = epochs.starts + epochs.calls
    doubled = np.flatnonzero(scheduler.between == 2)
    return bool(np.isin(doubled, ends).all() and doubled.size >= 0.8 * epochs.count)


RULE = Rule(
    code="LR004",
    name="stepped-both-per-batch-and-per-epoch",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler stepped from several lines, or passes over a DataLoader",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-shorter-than-run", "cosine-past-T_max-climbs-back"),
)
