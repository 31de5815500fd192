"""Curves: the rates of a resumed training beside those of an uninterrupted one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.nearness import differ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.facts.restored import Restored
    from lrscope.schedules.importers import Imported


def proved_plan(then: Restored) -> Imported | None:
    """Return what a scheduler follows, if all rates of its optimizer prove it."""
    plan = then.plan
    off = None if plan is None else off_plan(then, plan, then.start)
    return None if off is None or off.any() else plan


def off_plan(now: Restored, plan: Imported, start: int) -> NDArray[np.bool_] | None:
    """Say for each update whether a rate of it is not the planned one.

    Args:
        now: a scheduler with its optimizer.
        plan: what it should follow.
        start: position in the plan at the first call.

    Returns:
        None if the groups are not those of the plan.
    """
    steps = now.at_updates - now.start + start
    groups, planned = now.scheduler.groups, plan.rates(steps)
    if len(groups) != len(planned) or any(g.applied.size != steps.size for g in groups):
        return None
    found = np.zeros(steps.size, bool)
    for group, rates in zip(groups, planned, strict=True):
        found |= differ(group.applied, rates)
    return found


def goes_through_again(continued: Continued) -> bool:
    """Say whether a scheduler sets rates again that the earlier one had set.

    Both are compared by position. The first updates after the resume may still have
    the rate that was loaded.
    """
    now, then = continued.now, continued.then
    if then is None or not then.at_updates.size or then.start > now.start:
        return False
    ours, theirs = now.scheduler.groups, then.scheduler.groups
    if len(ours) != len(theirs):
        return False
    moved = now.at_updates > now.start
    moved &= now.at_updates <= then.at_updates[-1]
    places = np.searchsorted(then.at_updates, now.at_updates[moved])
    levels = 0
    for own, other in zip(ours, theirs, strict=True):
        if own.applied.size != moved.size or other.applied.size != then.at_updates.size:
            return False
        rates = other.applied[places]
        if differ(own.applied[moved], rates).any():
            return False
        levels = max(levels, np.unique(rates).size)
    return levels > 1


def acts_otherwise(continued: Continued) -> bool:
    """Say whether a scheduler changes the rate otherwise than where it was due.

    Looks at its own plan alone, so that others may change the same rate.
    """
    then, due = continued.then, continued.due
    plan = then.plan if then else None
    if plan is None or due is None:
        return False
    steps = np.unique(continued.now.at_updates) - continued.start
    there, here = plan.rates(steps + due), plan.rates(steps + continued.start)
    return any(
        differ(own * other[0], other * own[0]).any()
        for own, other in zip(here, there, strict=True)
    )


def used_up(continued: Continued) -> int:
    """Return the updates at the start whose rate was due before, not now.

    Known without a plan: the rate that was due comes later in the same training.
    """
    now, due = continued.now, continued.due
    if due is None or due <= now.start or continued.load is None:
        return 0
    first, later = now.at_updates == now.start, now.at_updates == due
    if not later.any():
        return 0
    moved = any(
        differ(each.applied[first][:1], each.applied[later][:1]).any()
        for each in now.scheduler.groups
        if each.applied.size == first.size
    )
    return int(first.sum()) if moved else 0
