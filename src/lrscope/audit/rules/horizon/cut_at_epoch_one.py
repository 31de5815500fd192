"""The warm-up ended with the first pass, before it was over.

What it means: the warm-up runs in the first pass over the data only and is longer than
that pass. Then the rate jumps to its peak, or stays where the warm-up was left.

Why it matters: a jump undoes what the warm-up is for; a rate that stays low slows all
of the training.

Usual causes: ``if epoch == 0`` around the warm-up, with a length in updates that was
chosen for larger data or smaller batches.

What to do: let the warm-up run until it is over, in whichever pass; or make it at most
as long as a pass.

Looks the same, but is right: schedules that step up; a warm-up as long as the first
pass.

Upstream: salesforce/LAVIS#72
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

LEAST = 5
"""Updates in the first pass that tell how the rate rises."""

FAR = 3.0
"""How many times larger than the usual change the jump must be."""


def _subjects(case: Case) -> list[Optimizer]:
    return [
        each
        for each in case.optimizers
        if each.epochs and each.epochs.count > 1 and not each.epochs.starts[0]
        if each.updates == each.calls.size and each.epochs.starts[1] >= LEAST
    ]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    left = [each for each in optimizer.schedulers if _was_left(each)]
    for each in left:
        yield RULE.found(
            each,
            f"{each.called} was stepped in the first pass only, {each.position} of its "
            f"{each.horizon_steps} steps",
            cause="the warm-up is longer than the pass it is limited to",
            fix="step it until it is over, or make it no longer than a pass",
            evidence={"steps": each.steps, "warmup": each.horizon_steps},
        )
    if left or optimizer.epochs is None:
        return
    start = int(optimizer.epochs.starts[1])
    for group in optimizer.groups:
        if _jumps(group, start):
            before, after = (float(group.applied[k]) for k in (start - 1, start))
            yield RULE.found(
                group,
                f"the rate rose to {before:.4g} in the first pass and jumped to "
                f"{after:.4g} with the first update of the second",
                cause="the warm-up is longer than the pass it is limited to",
                fix="count the updates of the warm-up over all passes",
                steps=(start, start),
                evidence={"before": before, "after": after},
            )


def _was_left(scheduler: Scheduler) -> bool:
    """Say whether a warm-up was stepped in the first pass only, and not to its end."""
    epochs, horizon = scheduler.epochs, scheduler.horizon
    if epochs is None or horizon is None or not horizon.rises_only:
        return False
    if scheduler.steps < LEAST or scheduler.event.row > 0 or scheduler.by_argument:
        return False
    within = scheduler.alive.stop <= epochs.starts[1] + 1
    return bool(within and scheduler.position < 0.9 * horizon.warmup)


def _jumps(group: Group, start: int) -> bool:
    """Say whether a rate that rose evenly goes on far above, and does not rise more."""
    lr = group.applied
    if group.begins or lr.size <= start or not group.is_finite:
        return False
    notches = np.diff(lr[:start])
    jump = lr[start] - lr[start - 1]
    if not (notches > 0).all() or np.ptp(notches) > 0.01 * notches.max():
        return False
    if jump <= FAR * notches.max() or lr[start] < 1.2 * lr[start - 1]:
        return False
    return bool((np.diff(lr[start:]) <= 0).all())


RULE = Rule(
    code="LR208",
    name="warmup-cut-at-epoch-one",
    severity=WARNING,
    page=__doc__,
    needs="two passes over a DataLoader, the first with five updates",
    subjects=_subjects,
    judge=_judge,
    explains=("warmup-longer-than-run",),
)
