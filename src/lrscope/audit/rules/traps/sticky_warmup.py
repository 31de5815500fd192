"""A warm-up of no length leaves the rate at its first factor for ever.

What it means: ``LinearLR`` or ``ConstantLR`` was made with ``total_iters=0``. It
applies its factor when it is made and never takes it back.

Why it matters: the whole run trains at a third (or whatever the factor is) of the rate
that was asked for, without a warning. (torch 2.13 and all earlier ones)

Usual causes: "no warm-up" was configured as a length of 0.

What to do: leave the scheduler out if the length is 0.

Looks the same, but is right: a factor of 1, which changes nothing; one in a
SequentialLR whose turn is over at once.

Upstream: pytorch/pytorch#193682, pytorch/pytorch#192655
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.number import is_number, numbers
from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding
    from lrscope.recording.events import SchedulerConstructed

FACTORS = {"LinearLR": "start_factor", "ConstantLR": "factor"}


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each for each in case.schedulers if each.made_of(*FACTORS) and each.calls.size
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    for part in scheduler.parts:
        factor = _held(part)
        if factor is None or factor == 1 or not _sticks(scheduler, part, factor):
            continue
        yield RULE.found(
            scheduler,
            f"{part.class_name}(total_iters={part.arguments['total_iters']}) keeps the "
            f"rate at {factor:.4g} of what was asked for, for ever",
            cause="a warm-up of length 0 applies its first factor and has no step that "
            "takes it back",
            fix=f"leave {part.class_name} out when its length is 0",
            where=distinct(part.where) or None,
            evidence={"factor": factor, "rates": list(part.rates)},
        )


def _held(part: SchedulerConstructed) -> float | None:
    """Return the factor of a scheduler without a length; None if it has one."""
    name = FACTORS.get(part.class_name)
    length, factor = part.arguments.get("total_iters"), part.arguments.get(name or "")
    if not is_number(length) or length >= 1 or length % 1:
        return None
    return float(factor) if is_number(factor) else None


def _sticks(scheduler: Scheduler, part: SchedulerConstructed, factor: float) -> bool:
    """Say whether the first update really had the factor on it.

    A sequence that passes the part over begins at the rate that follows.
    """
    before, groups = numbers(part.rates_before), scheduler.groups
    chained = part is scheduler.event or scheduler.class_name == "ChainedScheduler"
    if len(before) != len(groups):
        return chained
    if chained:
        return True
    near = [
        abs(float(group.applied[0]) - rate * factor) <= 1e-6 * abs(rate * factor)
        for group, rate in zip(groups, before, strict=True)
        if not group.begins and rate
    ]
    later = [float(each.peak) for each in groups]
    return (
        all(near)
        and bool(near)
        and all(
            peak <= rate * factor * 1.001
            for peak, rate in zip(later, before, strict=True)
        )
    )


RULE = Rule(
    code="LR604",
    name="zero-length-warmup-sticks",
    severity=ERROR,
    page=__doc__,
    needs="a LinearLR or ConstantLR",
    subjects=_subjects,
    judge=_judge,
)
