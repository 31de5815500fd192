"""The lengths of warm-up and of the training were exchanged.

What it means: a scheduler was told to warm up for as long as the training lasts, and
to train for less than that; the rate rose to the last update.

Why it matters: the rate rises during the whole training and never falls.

Usual causes: the positions of ``num_warmup_steps`` and ``num_training_steps`` in
``get_linear_schedule_with_warmup`` and its like.

What to do: name them: ``num_warmup_steps=…, num_training_steps=…``.

Looks the same, but is right: a long warm-up that is shorter than the training.

Upstream: shirley-wu/cross-doc-misinfo-detection#1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.held import warmup_and_total
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

NEAR = 0.1
"""How far the warm-up may be from the length of the run, as a share of it."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if warmup_and_total(each) is not None and not each.by_argument
        if each.groups
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    told = warmup_and_total(scheduler)
    if told is None:
        return
    warmup, total = told
    if not 1 <= total < warmup or abs(warmup - scheduler.position) > NEAR * warmup:
        return
    if not scheduler.only_rose:
        return
    yield RULE.found(
        scheduler,
        f"{scheduler.class_name} was told to warm up for {warmup:g} steps of "
        f"{total:g}: the rate rose to the last of {scheduler.updates} updates",
        cause="the lengths of warm-up and training are exchanged",
        fix=f"give {total:g} as the warm-up and {warmup:g} as the total, by name",
        steps=scheduler.throughout,
        evidence={"warmup": warmup, "total": total},
    )


RULE = Rule(
    code="LR209",
    name="warmup-and-total-swapped",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler that was told the lengths of its warm-up and of the training",
    subjects=_subjects,
    judge=_judge,
    explains=("warmup-longer-than-run", "schedule-longer-than-run"),
)
