"""The scheduler was run through before the training began.

What it means: it was stepped for its whole length before the first update.

Why it matters: the training begins where the schedule ends, at its lowest rate, or
climbs a cosine backwards.

Usual causes: a helper that draws the schedule steps the scheduler of the run, or a
shallow copy, which shares the optimizer.

What to do: draw with ``lrscope preview``, or with ``copy.deepcopy`` of both.

Looks the same, but is right: steps that bring a resumed run to where it was, which are
fewer; a scheduler whose state is loaded after it was drawn.

Upstream: ultralytics/yolov5#5864
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.number import all_numbers
from lrscope.audit.facts.sequence import differ
from lrscope.audit.finding import ERROR
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
        if each.horizon is not None or each.steps == _ahead(each)
        if not each.follows_metric and not each.loads
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    ahead, length = _ahead(scheduler), scheduler.horizon_steps
    through = length and ahead >= 0.9 * length
    if ahead < 5 or not (through or _left_its_rate(scheduler)):
        return
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {ahead} times before the first update"
        + (f": its length is {length}" if through else ""),
        cause="something drew or tried the schedule with the scheduler of the run",
        fix="use copies of optimizer and scheduler for that, or lrscope preview",
        steps=(0, 0),
        evidence={"steps_ahead": ahead, "length": length},
    )


def _ahead(scheduler: Scheduler) -> int:
    """Return its steps before the first update; calls without a gradient are none."""
    own = scheduler.optimizer
    first = int(np.argmax(own.updated)) if own and own.updates else 0
    return int(scheduler.between[: first + 1].sum())


def _left_its_rate(scheduler: Scheduler) -> bool:
    """Say whether it was dropped after that, and the training began at its rate.

    A shallow copy of the scheduler that is stepped later is one of these.
    """
    optimizer = scheduler.optimizer
    if optimizer is None or scheduler.steps > _ahead(scheduler):
        return False
    later = [each for each in optimizer.schedulers if each.steps > _ahead(each)]
    begun = [float(g.applied[0]) for g in optimizer.groups if not g.begins]
    return any(differ(all_numbers(each.event.rates), begun) for each in later)


RULE = Rule(
    code="LR613",
    name="plotting-helper-advances-real-state",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler of known length that was stepped and not restored",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "cosine-past-T_max-climbs-back",
        "onecycle-overrun-crash",
        "schedule-shorter-than-run",
        "stepped-both-per-batch-and-per-epoch",
        "sched-before-optimizer",
        "first-update-at-lr-zero",
        "two-sched-steps-per-update",
    ),
)
