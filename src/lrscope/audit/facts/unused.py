"""Unused: what building one scheduler did to the rate that another works from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.audit.facts.nearness import are_two
from lrscope.audit.facts.number import numbers
from lrscope.audit.facts.writers import earlier_on, writes_afresh

if TYPE_CHECKING:
    from lrscope.audit.facts.scheduler import Scheduler


class Left(NamedTuple):
    """What building a scheduler left behind for another one.

    Attributes:
        by: class of the scheduler that was built and never stepped.
        rate: that the other one works from.
        made: rate that the optimizer was made with.
    """

    by: str
    rate: float
    made: float


def left_by_unused(scheduler: Scheduler) -> Left | None:
    """Return what an unused scheduler of the same optimizer left for this one."""
    optimizer = scheduler.optimizer
    if optimizer is None or optimizer.event is None:
        return None
    made = [each.lr for each in optimizer.event.groups]
    for other in optimizer.schedulers:
        before, after = numbers(other.event.rates_before), numbers(other.event.rates)
        if other.steps or other.event.row or len(before) != len(after):
            continue
        if not any(are_two(a, b) for a, b in zip(before, after)):
            continue
        if other.number < scheduler.number:
            found = _worked_from(scheduler)
        else:
            found = [] if writes_afresh(scheduler.event) else after
            made = before
        for rate, due in zip(found, made):
            if are_two(rate, due):
                return Left(other.class_name, rate, due)
    return None


def undid_a_warmup(scheduler: Scheduler) -> bool:
    """Say whether making a scheduler put the rate back under one that multiplies.

    LinearLR and ConstantLR had lowered the rate when they were made; their steps go on
    from what they find, which is several times what they were to reach.
    """
    earlier = earlier_on(scheduler)
    if not earlier or not scheduler.calls.size:
        return False
    last = earlier[-1]
    if scheduler.event.row > scheduler.calls[0] or not last.steps:
        return False
    if _comes_first(last, scheduler) and _skipped_its_start(last, scheduler):
        return True
    if not last.made_of("LinearLR", "ConstantLR"):
        return False
    bases = numbers(last.event.attributes.get("base_lrs"))
    return any(
        group.peak > 1.05 * base
        for group, base in zip(scheduler.groups, bases)
        if not group.begins
    )


def _comes_first(one: Scheduler, other: Scheduler) -> bool:
    steps = [np.flatnonzero(each.between)[:1].tolist() for each in (one, other)]
    return bool(steps[0]) and (not steps[1] or steps[0] < steps[1])


def _skipped_its_start(warmup: Scheduler, main: Scheduler) -> bool:
    """Say whether the first update had the main scheduler's rate, not the warm-up's."""
    low, high = numbers(warmup.event.rates), numbers(main.event.rates)
    return any(
        0 < was < 0.5 * now and not are_two(float(group.applied[0]), now)
        for group, was, now in zip(main.groups, low, high)
        if not group.begins and group.applied.size
    )


def _worked_from(scheduler: Scheduler) -> list[float]:
    """Return the rates that a scheduler begins from: base rates, or those it met."""
    first = (scheduler.parts[1:] or scheduler.parts)[0]
    if first.class_name in {"OneCycleLR", "CyclicLR"}:
        return []  # they were given rates of their own
    if writes_afresh(first):
        return numbers(first.attributes.get("base_lrs"))
    return numbers(first.rates_before)
