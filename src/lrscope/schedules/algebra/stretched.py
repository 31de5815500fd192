"""A schedule of the same shape over more or fewer steps."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules.algebra.inner import Around
from lrscope.schedules.algebra.node import Extent
from lrscope.schedules.algebra.parts import part
from lrscope.schedules.amount import Amount
from lrscope.schedules.arguments import finite, integer, needs
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule

MOST_PARTS = 10**6
"""Fractions of fewer parts are so far apart that a float is at most one of them."""


@value
class stretch(Around):
    """A schedule over ``up / down`` times as many steps: s(t · down / up)."""

    inner: Schedule = part()
    up: int = integer(least=1)
    down: int = integer(default=1, least=1)

    def _measured(self) -> Extent:
        return Extent.of(self.inner).moved(lambda n: -(-n * self.up // self.down))

    def _at(self, t: Any) -> Any:
        return self.inner._at(t * self.down / self.up)

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        edges, by = self.inner._edges, Fraction(self.up, self.down)
        return edges and tuple(Fraction(each) * by for each in edges)

    def _outside(self, reach: int | None) -> int | None:
        """Take in the whole number of rounds after which the same times come again."""
        return None if reach is None else reach * self.up


def stretched(schedule: Schedule, by: Any) -> Schedule:
    """Return the schedule over ``by`` times as many steps."""
    if isinstance(by, (str, Amount)):
        msg = f"stretch needs a number of times, got {by!r}; for a length: "
        msg += f"extend(to={by!r})"
        raise ScheduleError(msg)
    found = finite(needs("stretch", "by"), by)
    if found <= 0:
        msg = f"stretch needs by > 0, got {by!r}"
        raise ScheduleError(msg)
    exact = Fraction(by) if isinstance(by, (int, Fraction)) else _fraction(found)
    return (
        schedule
        if exact == 1
        else stretch(schedule, exact.numerator, exact.denominator)
    )


def _fraction(by: float) -> Fraction:
    """Return the fraction that a float was meant as: 1/3, or its decimals."""
    simple = Fraction(by).limit_denominator(MOST_PARTS)
    return simple if float(simple) == by else Fraction(repr(by))
