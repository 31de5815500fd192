"""Updates that mixed precision skipped still moved the schedule on.

What it means: a GradScaler found infinite gradients and left updates out, but the
scheduler was stepped for them as for any other.

Why it matters: the schedule is ahead of the weights by the skipped updates. Fewer than
five after the first good one, or one in a hundred, is normal: the scale is tried anew
every now and then. More says that it never settles.

Usual causes: the loop cannot know that ``scaler.step(optimizer)`` did nothing, and
steps the scheduler anyway.

What to do: compare ``scaler.get_scale()`` before and after ``scaler.update()`` and step
the scheduler only if it did not fall.

Looks the same, but is right: the first skips of a run, a few later ones, and projects
that keep the calendar on purpose (all: info); loops that do skip the scheduler.

Upstream: Lightning-AI/pytorch-lightning#18828, pytorch/pytorch#67590,
pytorch/pytorch#44511, huggingface/transformers#11144
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

NORMAL = 0.01
"""Share of skipped updates, after the first good one, that is nothing unusual."""

HANDFUL = 5
"""Skipped updates below which a scale may still be settling, in however short a run."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if not each.follows_metric and each.per_call == 1
        if each.optimizer and each.optimizer.scaled
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer = scheduler.optimizer
    if optimizer is None:
        return
    advanced = optimizer.overflowed & (scheduler.between[1:] > 0)
    total, calls = int(advanced.sum()), int(advanced.size)
    if not total:
        return
    settled = int(np.argmax(optimizer.updated)) if optimizer.updates else 0
    later = int(advanced[settled:].sum())
    where = np.flatnonzero(advanced)
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped for {total} of {calls} updates that did not "
        f"happen, {later} of them after the first good update",
        cause="GradScaler left them out because of infinite gradients, "
        "the loop stepped the scheduler anyway",
        fix="step the scheduler only if scaler.get_scale() did not fall",
        severity=WARNING if later >= HANDFUL and later > NORMAL * calls else INFO,
        steps=(int(where[0]), int(where[-1])),
        evidence={
            "skipped": int(optimizer.overflowed.sum()),
            "advanced": total,
            "after_first_update": later,
            "in_second_half": int(advanced[calls // 2 :].sum()),
        },
    )


RULE = Rule(
    code="LR102",
    name="amp-skip-advances-schedule",
    severity=WARNING,
    page=__doc__,
    needs="a GradScaler, and a scheduler stepped for every update",
    subjects=_subjects,
    judge=_judge,
)
