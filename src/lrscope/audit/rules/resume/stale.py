"""After a resume the scheduler drives an optimizer that does not train.

What it means: the scheduler is stepped and changes the rate of an optimizer that takes
no step; the one that trains keeps its rate.

Why it matters: what is logged moves, what is used does not.

Usual causes: a scheduler that was saved whole brings its own copy of the optimizer; the
optimizer is made again, or wrapped, after the scheduler was made.

What to do: save state_dicts, not objects; make the scheduler from the optimizer that is
stepped, then load both states.

Looks the same, but is right: a copy that is stepped to draw its curve, beside another
scheduler that trains.

Upstream: ildoonet/pytorch-gradual-warmup-lr#27, EleutherAI/gpt-neox#1029,
Lightning-AI/pytorch-lightning#12812
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.bound import restored_in
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.bound import Bound
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Bound]:
    return [pair for each in case.trainings for pair in restored_in(each)]


def _judge(pair: Bound) -> Iterator[Finding]:
    scheduler, training = pair.scheduler, pair.trained
    if scheduler.optimizer is training or pair.reaches or not pair.between[1:-1].any():
        return
    yield RULE.found(
        pair,
        f"{scheduler.class_name} was stepped {scheduler.steps} times for an optimizer "
        f"that takes no step; {training.name}, which trains, is driven by none",
        cause=_cause(scheduler),
        fix="make the scheduler from the optimizer that trains, then load both states",
        steps=training.throughout,
        evidence={"scheduler_steps": scheduler.steps, "updates": training.updates},
    )


def _cause(scheduler: Scheduler) -> str:
    if scheduler.event.how == "found":
        return (
            "the scheduler was not constructed here but unpickled or copied, with "
            "an optimizer of its own"
        )
    return (
        "the optimizer that trains was made or restored apart from the one that "
        "the scheduler was made for"
    )


RULE = Rule(
    code="LR309",
    name="stale-optimizer-after-resume",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler that was restored, or that drives a restored optimizer",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "stepped-for-an-optimizer-that-did-not-step",
        "sched-bound-to-another-optimizer",
        "sched-never-stepped",
    ),
)
