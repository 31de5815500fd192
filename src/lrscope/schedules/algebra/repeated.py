"""A schedule again and again, each time smaller or longer if wanted."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.algebra.inner import Around
from lrscope.schedules.algebra.parts import part
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


@value
class repeat(Around):
    """Repetition k = 0, 1, … begins at L·(grow^k - 1)/(grow - 1), or at L·k.

    It has the values scale^k · s((t - begin) / grow^k), where L is the length of s.

    Raises:
        ScheduleError: If the schedule is endless, or if it shrinks without end.
    """

    inner: Schedule = part()
    times: Steps = length(default=None, optional=True)
    scale: float = number(default=1.0, low=0.0)
    grow: float = number(default=1.0, above=0.0)

    def _prepare(self) -> None:
        if self.inner._first_unit() is None and self.inner.length is None:
            msg = f"{self.inner!r} is endless and cannot be repeated; slice it first"
            raise ScheduleError(msg)
        if self.times is None and self.grow < 1:
            msg = f"repeat needs times if grow < 1, got grow={self.grow!r} without end"
            raise ScheduleError(msg)

    @property
    def length(self) -> int | None:
        """Steps of all repetitions; None without end."""
        return None if self.times is None else ceil(self._begin(float(self.times)))

    @property
    def settles(self) -> int | None:
        """The length."""
        return self.length

    def _begin(self, k: Any) -> Any:
        """Return where repetition k begins."""
        one = float(self.inner.length or 0)
        if self.grow == 1:
            return k * one
        return one * ((numeric.power(self.grow, k) - 1) / (self.grow - 1))

    def _which(self, t: Any) -> Any:
        """Return in which repetition a time lies."""
        if self.grow == 1:
            k = numeric.floor(t / float(self.inner.length or 0))
        else:
            part = t * ((self.grow - 1) / float(self.inner.length or 0))
            k = numeric.floor(
                np.log1p(numeric.greatest(part, -0.5)) / np.log(self.grow)
            )
            k = numeric.where(self._begin(k + 1) <= t, k + 1, k)
            k = numeric.where(self._begin(k) > t, k - 1, k)
        return k if self.times is None else numeric.least(k, self.times - 1.0)

    def _at(self, t: Any) -> Any:
        k = self._which(t)
        t = t - self._begin(k)
        if self.grow != 1:
            t = t / numeric.power(self.grow, k)
        found = self.inner._at(t)
        return found if self.scale == 1 else found * numeric.power(self.scale, k)

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
        if self.times is None and self.scale <= 1 and self.inner.lowest() >= 0:
            return int(self._begin(1.0))
        return self._reach
