"""Plans: who said what the groups of a case were meant to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.number import numbers
from lrscope.audit.facts.planned import Planned
from lrscope.errors import LrscopeError, ScheduleError
from lrscope.recording.events import SchedulerStateLoaded
from lrscope.schedules import Clock, from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.schedules import Schedule
    from lrscope.schedules.importers import Imported


def planned_in(case: Case) -> tuple[Planned, ...]:
    """Return what the groups of a case were meant to follow, where that is known.

    What was given to the audit counts more than what a driver declared, and that more
    than what a scheduler of a known class does.
    """
    if case.plan is not None:
        case.plan.check(case.groups)
        return tuple(_said(case))
    found = [_declared(each) or _scheduled(each) for each in case.optimizers]
    return tuple(each for several in found for each in several)


def _said(case: Case) -> Iterator[Planned]:
    offsets = _updates_before(case)
    for group in case.groups:
        schedule = case.plan.of_group(group) if case.plan else None
        before = offsets.get(id(group.optimizer))
        if schedule is None or before is None:
            continue
        yield Planned(
            group,
            schedule.on(_clock(group.optimizer)),
            _base_of(group),
            before + group.begins + np.arange(group.applied.size, dtype=np.int64),
            0,
            "the plan given to the audit",
            explicit=True,
        )


def _clock(optimizer: Optimizer) -> Clock:
    """Return what a unit is in this run; its length only where it came to its end."""
    epochs = optimizer.epochs
    ending = optimizer.training.ending
    whole = ending.in_order and ending.is_last and optimizer.training.segment == 0
    return Clock(
        steps_per_epoch=(epochs.calls_per_pass or None) if epochs else None,
        total_steps=(optimizer.updates or None) if whole else None,
    )


def _updates_before(case: Case) -> dict[int, int | None]:
    """Return the updates before each optimizer's first, None where not known."""
    found: dict[int, int | None] = {id(each): 0 for each in case.optimizers}
    for each in case.resumptions:
        before, at = each.before, each.at_call
        earlier = found.get(id(before)) if before is not None else None
        if before is None or at is None or earlier is None:
            found[id(each.optimizer)] = None
        else:
            found[id(each.optimizer)] = earlier + int(before.updated[:at].sum())
    return found


def _base_of(group: Group) -> float:
    """Return the rate a group was made with, or the ``initial_lr`` it was brought."""
    for each in reversed(group.optimizer.loads_at_start):
        for brought in numbers(each.initial_rates[group.index : group.index + 1]):
            return brought
    return group.made_with


def _declared(optimizer: Optimizer) -> list[Planned]:
    """Return the plans of a driver; each counts until the next."""
    said = optimizer.plans
    found = []
    for event, after in zip(said, (*said[1:], None)):
        first = optimizer.updates_before(event.row)
        end = optimizer.updates_before(after.row) if after else optimizer.updates
        for told in event.plan.get("keys", {}).get("lr", ()):
            if event.plan.get("control") or not told.get("schedule"):
                continue  # what a metric decides is no plan
            group = _group_at(optimizer, told.get("group"))
            schedule = _read(told["schedule"])
            if group is None or group.begins > first or schedule is None:
                continue
            found.append(
                Planned(
                    group,
                    schedule,
                    float(told.get("base", 1.0)),
                    int(event.plan.get("step", 0))
                    + np.arange(end - first, dtype=np.int64),
                    first - group.begins,
                    "the driver's plan",
                    explicit=True,
                    said_at=event.where,
                )
            )
    return found


def _read(told: Any) -> Schedule | None:
    """Return a recorded schedule; None for one that would run code to be asked."""
    try:
        return from_json(told, functions=False)
    except ScheduleError:
        return None


def _group_at(optimizer: Optimizer, index: Any) -> Group | None:
    same = (each for each in optimizer.groups if each.index == index)
    return next(same, None)


def _scheduled(optimizer: Optimizer) -> list[Planned]:
    """Return the plan of the only scheduler that an optimizer follows."""
    stepped = optimizer.driven_by
    if len(stepped) != 1 or not optimizer.calls.size or stepped[0].follows_metric:
        return []
    scheduler = stepped[0]
    try:
        plan = scheduler.restored.plan
        return [] if plan is None else _followed(scheduler, optimizer, plan)
    except (LrscopeError, RecursionError):  # parts that name each other have no end
        return []


def _followed(
    scheduler: Scheduler, optimizer: Optimizer, plan: Imported
) -> list[Planned]:
    positions = scheduler.restored.at_updates
    begin = optimizer.updates_before(max(scheduler.event.row, optimizer.begins))
    end = optimizer.updates_before(_counts_until(scheduler, optimizer))
    found = []
    for group in optimizer.groups:
        first = max(begin, group.begins)
        if group.index >= len(plan.bases) or group.begins > begin or end <= first:
            continue
        found.append(
            Planned(
                group,
                plan.schedules[group.index],
                plan.bases[group.index],
                positions[first:end],
                first - group.begins,
                scheduler.called,
                explicit=False,
                said_at=scheduler.event.where,
            )
        )
    return found


def _counts_until(scheduler: Scheduler, optimizer: Optimizer) -> int:
    """Return the row from which on the plan is not known to hold any more."""
    history, rows = optimizer.training.process.history, [int(optimizer.calls[-1]) + 1]
    own = {each.scheduler for each in scheduler.parts}
    first = max(optimizer.begins, scheduler.event.row)
    for loaded in history.of(SchedulerStateLoaded):
        rows += [loaded.row] * (loaded.scheduler in own and loaded.row > first)
    rows += [each.row for each in optimizer.loads if each.row > first]
    rows += [
        each.row
        for each in optimizer.training.constructed.values()
        if each.optimizer == optimizer.number
        and each.scheduler not in own
        and each.scheduler > scheduler.number
    ]
    return min(rows)
