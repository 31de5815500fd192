"""A schedule with other values at the same steps."""

from __future__ import annotations

from math import ceil, lcm
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.algebra.inner import Around
from lrscope.schedules.algebra.node import Extent
from lrscope.schedules.algebra.parts import part
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


@value
class clip(Around):
    """A schedule with no value below ``low`` and none above ``high``.

    Raises:
        ScheduleError: If both are None or low > high.
    """

    inner: Schedule = part()
    low: float | None = number(default=None, optional=True)
    high: float | None = number(default=None, optional=True)

    def _prepare(self) -> None:
        if self.low is None and self.high is None:
            msg = "clip needs low, high or both, got neither"
            raise ScheduleError(msg)
        if self.low is not None and self.high is not None and self.low > self.high:
            msg = f"clip needs low <= high, got {self.low!r} and {self.high!r}"
            raise ScheduleError(msg)

    def _at(self, t: Any) -> Any:
        found = self.inner._at(t)
        if self.low is not None:
            found = numeric.greatest(found, self.low)
        return found if self.high is None else numeric.least(found, self.high)


@value
class quotient(Around):
    """A schedule divided by a number at every step. Written ``s / by``.

    Raises:
        ScheduleError: If the number is 0.
    """

    inner: Schedule = part()
    by: float = number()

    def _prepare(self) -> None:
        if not self.by:
            msg = f"{self.inner!r} cannot be divided by 0"
            raise ScheduleError(msg)

    def _at(self, t: Any) -> Any:
        return self.inner._at(t) / self.by

    @property
    def _peak_reach(self) -> int | None:
        """Take in the lowest values, which a negative number makes the highest."""
        if self.by < 0:
            return self._reach
        return self._until_end() or self.inner._peak_reach


@value
class absolute(Around):
    """A schedule times ``rate``, as learning rates instead of factors.

    Raises:
        ScheduleError: If the schedule is a rate already.
    """

    inner: Schedule = part()
    rate: float = number(default=1.0, low=0.0)

    def _prepare(self) -> None:
        if self.inner.is_rate:
            msg = f"{self.inner!r} is a rate already; multiply it by a factor instead"
            raise ScheduleError(msg)

    @property
    def is_rate(self) -> bool:
        """True: the values are learning rates."""
        return True

    def _at(self, t: Any) -> Any:
        return self.inner._at(t) * self.rate


@value
class hold(Around):
    """A staircase: the value of every ``every``-th step until the next of them."""

    inner: Schedule = part()
    every: Steps = length()

    @classmethod
    def _made_of(cls, **arguments: Any) -> Schedule:
        return arguments["inner"] if arguments["every"] == 1 else cls(**arguments)

    def _measured(self) -> Extent:
        """Go up to a whole number of stairs."""
        return Extent.of(self.inner).moved(lambda n: -(-n // self.every) * self.every)

    def _at(self, t: Any) -> Any:
        return self.inner._at(numeric.floor(t / self.every) * self.every)

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        edges = self.inner._edges
        every = self.every
        return edges and tuple(ceil(each / every) * every for each in edges)

    def _outside(self, reach: int | None) -> int | None:
        """Take in the whole number of rounds after which all stairs come again."""
        return None if reach is None else lcm(reach, self.every)
