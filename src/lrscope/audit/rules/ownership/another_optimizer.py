"""The scheduler drives an optimizer that does not train.

What it means: the scheduler is stepped and moves the rate of an optimizer that never
takes a step; another one trains the same parameters at the rate it was made with.

Why it matters: what is logged is a perfect curve, what is used is a constant.

Usual causes: a function that makes optimizer and scheduler was called twice and one
half of each result is used; the optimizer was made again, copied, moved or wrapped
after the scheduler was made.

What to do: make the scheduler from the very optimizer that is stepped, after the last
time that it is replaced.

Looks the same, but is right: wrappers that share the groups of the inner optimizer; a
spare optimizer whose scheduler is asked for its curve before the training, or whose
rates are written into the real one.

Upstream: roboterax/video-prediction-policy#14,
TorchEnsemble-Community/Ensemble-Pytorch#37, luca-medeiros/lightning-sam#17,
EleutherAI/gpt-neox#1029
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from lrscope.audit.facts.bound import bound_in
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.bound import Bound
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Bound]:
    return [pair for each in case.trainings for pair in bound_in(each)]


def _judge(pair: Bound) -> Iterator[Finding]:
    if pair.is_around or pair.reaches or not pair.between[1:].any():
        return
    scheduler, trained = pair.scheduler, pair.trained
    own = scheduler.optimizer
    ended = own is not None and own.calls.size > 0
    yield RULE.found(
        pair,
        f"{scheduler.called} was stepped {scheduler.steps} times for "
        f"{_named(own)}, which takes no step{' any more' * ended}; {_named(trained)} "
        f"made {trained.updates} updates at a rate that nothing moves",
        cause="the optimizer was made anew, the scheduler still drives the old one"
        if ended
        else "the scheduler was made from another optimizer than the one that trains "
        "these parameters",
        fix="make the scheduler anew, too, from the optimizer that is stepped"
        if ended
        else "make the scheduler from the optimizer that is stepped",
        steps=trained.throughout,
        evidence={"scheduler_steps": scheduler.steps, "updates": trained.updates},
    )


def _named(optimizer: Optimizer | None) -> str:
    """Name an optimizer so that two of one class can be told apart."""
    if optimizer is None or optimizer.event is None:
        return "an optimizer"
    made = optimizer.event.where
    line = f" ({PurePath(made[0]).name}:{made[1]})" if made else ""
    return f"{optimizer.event.class_name} number {optimizer.number}{line}"


RULE = Rule(
    code="LR401",
    name="sched-bound-to-another-optimizer",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler of an optimizer that takes no step, and one like it that does",
    subjects=_subjects,
    judge=_judge,
    explains=("stepped-for-an-optimizer-that-did-not-step", "sched-never-stepped"),
)
