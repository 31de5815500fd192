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
from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrscope.audit.case import Case
    from lrscope.audit.facts.bound import Bound
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding


MOST = 2
"""Optimizers that are named; of more it is said how many there are."""


def _subjects(case: Case) -> list[list[Bound]]:
    """Return for each scheduler all that trains what it should drive."""
    found: dict[int, list[Bound]] = {}
    for training in case.trainings:
        for each in bound_in(training):
            found.setdefault(id(each.scheduler), []).append(each)
    return list(found.values())


def _judge(pairs: list[Bound]) -> Iterator[Finding]:
    pairs = [each for each in pairs if _is_missed(each)]
    if not pairs:
        return
    scheduler, trained = pairs[0].scheduler, [each.trained for each in pairs]
    own = scheduler.optimizer
    ended = own is not None and own.calls.size > 0
    updates = sum(each.updates for each in trained)
    yield RULE.found(
        pairs[0],
        f"{scheduler.called} was stepped {scheduler.steps} times for {_idle(own)}; "
        f"{_named(trained)} made {updates} updates at a rate that nothing moves",
        cause="the optimizer was made anew, the scheduler still drives the old one"
        if ended
        else "the scheduler was made from another optimizer than the one that trains "
        "these parameters",
        fix="make the scheduler anew, too, from the optimizer that is stepped"
        if ended
        else "make the scheduler from the optimizer that is stepped",
        steps=trained[0].throughout if len(trained) == 1 else None,
        where=distinct(*(site for each in pairs for site in each.where)),
        evidence={"scheduler_steps": scheduler.steps, "updates": updates},
    )


def _is_missed(pair: Bound) -> bool:
    """Say whether the scheduler steps beside an optimizer whose rate stays."""
    return not (pair.is_around or pair.reaches) and bool(pair.between[1:].any())


def _idle(optimizer: Optimizer | None) -> str:
    """Name the optimizer that is not stepped; if it never was, `show` has no name."""
    if optimizer is None or optimizer.event is None:
        return "an optimizer that takes no step"
    if optimizer.calls.size:
        return f"{_named([optimizer])}, which takes no step any more"
    told = ", ".join((optimizer.event.class_name, *_lines(optimizer)))
    return f"an optimizer that takes no step ({told})"


def _named(optimizers: Sequence[Optimizer]) -> str:
    """Name optimizers as `show` does, with the lines that made them."""
    told = [
        " ".join((each.name, *(f"({line})" for line in _lines(each))))
        for each in optimizers[:MOST]
    ]
    more = len(optimizers) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _lines(optimizer: Optimizer) -> list[str]:
    return [f"{PurePath(file).name}:{line}" for file, line in optimizer.where]


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
