"""The scheduler was stepped while validating.

What it means: the scheduler took several steps in a pass over data in which its
optimizer was not called, or the line that steps it after each pass of training steps it
after each pass of validation as well.

Why it matters: the schedule is ahead of the training by the batches of each
validation; how far depends on how often one validates.

Usual causes: a callback for the end of a batch runs in validation too; training and
validation share a loop (``for phase in ["train", "val"]``) and only
``optimizer.step()`` is guarded.

What to do: step the scheduler only where the optimizer is stepped.

Looks the same, but is right: ``ReduceLROnPlateau`` and others that take a metric; one
step after each validation.

Upstream: skorch-dev/skorch#418, skorch-dev/skorch#613
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.idle import around_idle_passes
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule
from lrscope.audit.rules.cadence import OVER_EARLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if not each.follows_metric and any(not p.steps for p in each.training.passes)
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    inside = scheduler.steps_in_idle_passes
    most = max(inside.values(), default=0)
    if most < 2:
        yield from _judge_phases(scheduler)
        return
    total, rows = sum(inside.values()), sorted(inside)
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {total} times, up to {most} at a time, in "
        f"passes over data in which {scheduler.optimizer_name} was not stepped",
        cause="it is stepped for every batch, those of validation too",
        fix="call scheduler.step() only after optimizer.step()",
        steps=(scheduler.calls_before(rows[0]), scheduler.calls_before(rows[-1])),
        evidence={"steps_in_validation": total, "passes": len(rows)},
    )


def _judge_phases(scheduler: Scheduler) -> Iterator[Finding]:
    rows = around_idle_passes(scheduler.training.process, scheduler.items)
    stepped = np.count_nonzero(scheduler.between)
    if len(rows) < 2 or len(rows) < 0.9 * (stepped - 1) or scheduler.fits_the_run:
        return
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {scheduler.steps} times for {stepped} passes "
        f"of training: once more after each pass in which {scheduler.optimizer_name} "
        "was not called",
        cause="the line that steps it runs in the phase of validation, too",
        fix="call scheduler.step() in the phase of training only",
        steps=(scheduler.calls_before(rows[0]), scheduler.calls_before(rows[-1])),
        evidence={"steps_of_scheduler": scheduler.steps, "passes": len(rows)},
    )


RULE = Rule(
    code="LR011",
    name="stepped-during-validation",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler, and passes over a DataLoader in which nothing is trained",
    subjects=_subjects,
    judge=_judge,
    explains=(
        *OVER_EARLY,
        "stepped-both-per-batch-and-per-epoch",
        "two-sched-steps-per-update",
    ),
)
