"""A schedule of the same shape over more or fewer steps."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules.algebra.inner import Around
from lrscope.schedules.algebra.parts import part
from lrscope.schedules.algebra.then import then
from lrscope.schedules.arguments import finite, integer, whole
from lrscope.schedules.clock import rounded
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


@value
class stretch(Around):
    """A schedule over ``up / down`` times as many steps: s(t · down / up)."""

    inner: Schedule = part()
    up: int = integer(least=1)
    down: int = integer(default=1, least=1)

    @property
    def length(self) -> int | None:
        """Steps of the schedule inside, stretched."""
        return self._stretched(self.inner.length)

    @property
    def settles(self) -> int | None:
        """The step from which the value no longer changes."""
        return self._stretched(self.inner.settles)

    def _stretched(self, steps: int | None) -> int | None:
        return None if steps is None else -(-steps * self.up // self.down)

    def _at(self, t: Any) -> Any:
        return self.inner._at(t * self.down / self.up)

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        edges, by = self.inner._edges, Fraction(self.up, self.down)
        return edges and tuple(Fraction(each) * by for each in edges)

    def _outside(self, reach: int | None) -> int | None:
        """Take in the whole number of rounds after which the same times come again."""
        if reach is None or self.settles is None:
            return None if reach is None else reach * self.up
        return self.settles + 1


def stretched(schedule: Schedule, by: float) -> Schedule:
    """Return the schedule over ``by`` times as many steps."""
    found = finite("stretch needs by", by)
    if found <= 0:
        msg = f"stretch needs by > 0, got {by!r}"
        raise ScheduleError(msg)
    exact = Fraction(by) if isinstance(by, (int, Fraction)) else Fraction(repr(found))
    return (
        schedule
        if exact == 1
        else stretch(schedule, exact.numerator, exact.denominator)
    )


def extended(schedule: Schedule, to: int) -> Schedule:
    """Return the schedule with its length made ``to``, every part alike."""
    to = whole("extend needs to", to, 1)
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


def replanned(schedule: Schedule, at: int, to: int) -> Schedule:
    """Return the schedule until step ``at`` and what is left of it until ``to``."""
    at = whole("replan needs at", at, 1)
    to = whole("replan needs to", to, 1)
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
