"""A schedule again and again, each time smaller or longer if wanted."""

from __future__ import annotations

from bisect import bisect_right
from math import ceil, inf, log, log1p, log2
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.algebra.inner import Around
from lrscope.schedules.algebra.node import Extent
from lrscope.schedules.algebra.parts import part
from lrscope.schedules.arguments import LAST_STEP, derived, integer, number
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


EPSILON = 4 * 2.0**-52
"""Rounding, of the growth itself and of what is made of it."""

MOST_DOUBLINGS = 53
"""How often the first repetition may be doubled or halved until the last one."""

MOST_TABLED = 1024
"""Repetitions that are written down: all of them if they grow by 4 percent each."""


@value
class repeat(Around):
    """Repetition k = 0, 1, … begins at L·(grow^k - 1)/(grow - 1), or at L·k.

    It has the values scale^k · s((t - begin) / grow^k), where L is the length of s.

    Raises:
        ScheduleError: If the schedule is endless, or if it shrinks without end.
    """

    inner: Schedule = part()
    times: int | None = integer(default=None, least=1, optional=True)
    scale: float = number(default=1.0, low=0.0)
    grow: float = number(default=1.0, above=0.0)
    _one: float = derived()
    _rows: tuple[tuple[float, float, float], ...] = derived()
    _begins: tuple[float, ...] = derived()
    _tabled: float = derived()

    def _prepare(self) -> None:
        if self.inner._first_unit() is None and self.inner.length is None:
            msg = f"{self.inner!r} is endless and cannot be repeated; slice it first"
            raise ScheduleError(msg)
        if self.times is None and self.grow < 1:
            msg = f"repeat needs times if grow < 1, got grow={self.grow!r} without end"
            raise ScheduleError(msg)
        most = LAST_STEP if self.grow == 1 else MOST_DOUBLINGS / abs(log2(self.grow))
        if self.times is not None and self.times > most:
            msg = f"repeat needs times <= {int(most)} for grow={self.grow!r}"
            msg += f", got {self.times}"
            raise ScheduleError(msg)
        if self.inner._first_unit() is None:
            object.__setattr__(self, "_one", float(self.inner.length or 0))
            self._tabulate()

    def _tabulate(self) -> None:
        """Write down the first repetitions that grow; most schedules have no others."""
        count = 0 if self.grow == 1 else self.times or MOST_TABLED
        if self.grow > 1:
            steps = LAST_STEP * (self.grow - 1) / self._one
            count = min(count, int(log1p(steps) / log(self.grow)) + 2)
        tabled = min(count, MOST_TABLED)
        k = np.arange(float(tabled))
        with np.errstate(over="ignore"):  # the scale of one that nobody gets to
            every = np.broadcast_arrays(*self._repetition(k))
        rows = np.column_stack(every).tolist()
        until = inf if tabled < MOST_TABLED else self._begin(float(tabled))
        object.__setattr__(self, "_rows", tuple(map(tuple, rows)))
        object.__setattr__(self, "_begins", tuple(row[0] for row in rows))
        object.__setattr__(self, "_tabled", until if tabled else 0.0)

    def _measured(self) -> Extent:
        """Settle at the end, if the schedule inside has settled at its own."""
        if self.times is None:
            return Extent(None, None)
        steps = ceil(self._begin(float(self.times)))
        return Extent(steps, None if self.inner.settles is None else steps)

    def _begin(self, k: Any) -> Any:
        """Return where repetition k begins."""
        if self.grow == 1:
            return k * self._one
        grown = numeric.power(self.grow, k)
        begin = self._one * ((grown - 1) / (self.grow - 1))
        # 10 + 1.3·10 is 23, not the 23.000000000000004 that 1.3 as a float gives
        step = numeric.floor(begin + 0.5)
        slack = EPSILON * (k + 1) * grown * self._one / abs(self.grow - 1)
        return numeric.where(abs(begin - step) <= slack, step, begin)

    def _repetition(self, k: Any) -> tuple[Any, Any, Any]:
        """Return where repetition k begins, how stretched and how scaled it is."""
        grown = 1.0 if self.grow == 1 else numeric.power(self.grow, k)
        scaled = 1.0 if self.scale == 1 else numeric.power(self.scale, k)
        return self._begin(k), grown, scaled

    def _which(self, t: Any) -> Any:
        """Return in which repetition a time lies."""
        if self.grow == 1:
            k = numeric.floor(t / self._one)
        else:
            part = t * ((self.grow - 1) / self._one)
            least = 2.0**-MOST_DOUBLINGS - 1.0
            k = numeric.floor(np.log1p(numeric.greatest(part, least)) / log(self.grow))
            k = numeric.where(self._begin(k + 1) <= t, k + 1, k)
            k = numeric.where(self._begin(k) > t, k - 1, k)
        return k if self.times is None else numeric.least(k, self.times - 1.0)

    def _at(self, t: Any) -> Any:
        if not isinstance(t, np.ndarray) and t < self._tabled:
            begin, grown, scaled = self._rows[bisect_right(self._begins, t) - 1]
        else:
            begin, grown, scaled = self._repetition(self._which(t))
        return self.inner._at((t - begin) / grown) * scaled

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return None

    @property
    def _reach(self) -> int | None:
        if self.length is not None:
            return self.length + 1
        return self.inner.length if self.scale == self.grow == 1 else None

    @property
    def _peak_reach(self) -> int | None:
        if self.times is not None or self.scale > 1 or self.inner.lowest() < 0:
            return self._reach
        if self.grow == 1:
            return int(self._begin(1.0))
        return 1 if self._begins_highest() else None

    def _begins_highest(self) -> bool:
        """Tell whether no time, between steps too, has a higher value than time 0.

        Longer repetitions have values between the steps of the first one.
        """
        if (edges := self.inner._edges) is None:
            return False
        ends = (self._one, *map(float, edges))
        sides = ((end, float(np.nextafter(end, 0.0))) for end in ends)
        highest = max(float(self.inner._at(t)) for pair in sides for t in pair)
        return self.inner(0) >= highest
