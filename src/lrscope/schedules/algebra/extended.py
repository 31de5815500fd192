"""A schedule with a new length: the same shape, or what is left planned anew."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules.algebra.inner import Around
from lrscope.schedules.algebra.parts import part
from lrscope.schedules.algebra.stretched import stretch
from lrscope.schedules.algebra.then import then
from lrscope.schedules.arguments import Steps, length, needs, whole_or_amount
from lrscope.schedules.clock import rounded
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.algebra.node import Extent
    from lrscope.schedules.amount import Length
    from lrscope.schedules.schedule import Schedule


class Awaiting(Around):
    """What is made of a schedule when a clock has turned all lengths into steps."""

    __slots__ = ()

    def _measured(self) -> Extent:
        msg = f"{self!r} has nothing to wait for; every length is in steps"
        raise ScheduleError(msg)

    def _at(self, t: Any) -> Any:  # noqa: ARG002 - no time has a value
        return self.length


@value
class extend(Awaiting):
    """The schedule with a new length, on a clock. Written ``s.extend(to="20ep")``."""

    inner: Schedule = part()
    to: Steps = length()

    @classmethod
    def _made_of(cls, **arguments: Any) -> Schedule:
        return extended(arguments["inner"], arguments["to"])


@value
class replan(Awaiting):
    """The schedule planned anew from a step on. Written ``s.replan(at=…, to=…)``."""

    inner: Schedule = part()
    at: Steps = length()
    to: Steps = length()

    @classmethod
    def _made_of(cls, **arguments: Any) -> Schedule:
        return replanned(arguments["inner"], arguments["at"], arguments["to"])


def extended(schedule: Schedule, to: Length) -> Schedule:
    """Return the schedule with its length made ``to``, every part alike."""
    to = whole_or_amount(needs("extend", "to"), to, 1)
    if schedule._first_unit() or isinstance(to, str):
        return extend(schedule, to)
    now = schedule.length
    if now is None:
        msg = f"{schedule!r} is endless and needs no more steps; slice it first"
        raise ScheduleError(msg)
    if to == now:
        return schedule
    if isinstance(schedule, then):
        edges = [rounded(Fraction(int(each) * to, now)) for each in schedule._starts]
        sizes = [b - a for a, b in zip(edges, [*edges[1:], to])]
        if all(sizes):
            return then(tuple(extended(e, n) for e, n in zip(schedule.parts, sizes)))
    elif _is_plain(schedule):
        return dataclasses.replace(schedule, steps=to)
    exact = Fraction(to, now)
    return stretch(schedule, exact.numerator, exact.denominator)


def replanned(schedule: Schedule, at: Length, to: Length) -> Schedule:
    """Return the schedule until step ``at`` and what is left of it until ``to``."""
    at = whole_or_amount(needs("replan", "at"), at, 1)
    to = whole_or_amount(needs("replan", "to"), to, 1)
    if schedule._first_unit() or isinstance(at, str) or isinstance(to, str):
        return replan(schedule, at, to)
    if schedule.length is None or not at < schedule.length or not at < to:
        msg = (
            f"replan needs at < length ({schedule.length}) and at < to, "
            f"got at={at}, to={to}"
        )
        raise ScheduleError(msg)
    before, after = _split(schedule, at)
    return before >> after.extend(to=to - at)


def _split(schedule: Schedule, at: int) -> tuple[Schedule, Schedule]:
    """Return what comes before a step and what comes from it on."""
    if not isinstance(schedule, then):
        return schedule[:at], schedule[at:]
    which = bisect_right(schedule._starts, at) - 1
    before, after = list(schedule.parts[:which]), list(schedule.parts[which + 1 :])
    inside = at - int(schedule._starts[which])
    here = schedule.parts[which]
    if inside:
        before.append(here[:inside])
        here = here[inside:]
    return _chain(before), _chain([here, *after])


def _chain(several: list[Schedule]) -> Schedule:
    return several[0] if len(several) == 1 else then(tuple(several))


def _is_plain(schedule: Schedule) -> bool:
    """Tell whether its number of steps is all that makes it long or short."""
    kinds = [
        (each.name, each.metadata.get("kind")) for each in dataclasses.fields(schedule)
    ]
    timed = [name for name, kind in kinds if kind not in ("number", "choice", "flag")]
    return timed == ["steps"] and schedule.length == getattr(schedule, "steps", None)
