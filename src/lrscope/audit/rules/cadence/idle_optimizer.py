"""A scheduler was stepped while its optimizer was not.

What it means: with several optimizers, one of them began late or never, and its
scheduler was stepped from the start. Its rate had changed before it was first used.

Why it matters: the discriminator, or the second stage, starts with a rate that has
decayed already; the first rates of its schedule are never used.

Usual causes: all schedulers are stepped together in one loop, while optimizers start
at different times.

What to do: step a scheduler only where its own optimizer is stepped.

Looks the same, but is right: schedules that follow one clock of the whole training on
purpose: optimizers that merely step less often are not reported as mistakes.

Upstream: Lightning-AI/pytorch-lightning#12169, Lightning-AI/pytorch-lightning#4868,
idiap/coqui-ai-Trainer#20
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.bound import hold_the_same
from lrscope.audit.facts.number import is_number
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.schedulers
        if each.steps and each.optimizer and not each.follows_metric
        if len(each.training.optimizers) > 1
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    own = scheduler.optimizer
    if own is None:
        return
    others = [o for o in scheduler.training.optimizers_called if o is not own]
    if any(hold_the_same(own, each) for each in others):
        return  # both hold the same parameters: another mistake, another rule
    first = int(own.calls[0]) if own.calls.size else None
    before = max((_calls_before(each, first) for each in others), default=0)
    early = int(scheduler.between[0])
    if early < 2 or before < 10 or not _moved(scheduler):
        return
    told = "never" if first is None else f"only after {before} updates of another"
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {early} times before {own.name} was; "
        f"{own.name} was stepped {told}",
        cause="all schedulers are stepped together, the optimizers are not",
        fix=f"step it only where {own.name}.step() is called",
        steps=None if first is None else (0, 0),
        evidence={"steps_before_first_update": early, "updates_of_others": before},
    )


def _calls_before(optimizer: Optimizer, row: int | None) -> int:
    if row is None:
        return int(optimizer.calls.size)
    return int(np.searchsorted(optimizer.calls, row))


def _moved(scheduler: Scheduler) -> bool:
    """Say whether the rate had changed by more than 5 % before it was first used."""
    groups, made = scheduler.groups, scheduler.event.rates
    pairs = [
        (float(made[index]), float(group.applied[0]))
        for group in groups
        if (index := group.index) < len(made) and is_number(made[index])
    ]
    return not groups or any(abs(used - was) > 0.05 * abs(was) for was, used in pairs)


RULE = Rule(
    code="LR013",
    name="stepped-for-an-optimizer-that-did-not-step",
    severity=WARNING,
    page=__doc__,
    needs="several optimizers, and a scheduler that drives one of them",
    subjects=_subjects,
    judge=_judge,
)
