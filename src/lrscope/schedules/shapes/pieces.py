"""Pieces: the way from point to point, looked up fast."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.schedules import numeric

if TYPE_CHECKING:
    from collections.abc import Iterable


class Pieces:
    """What lies between points (time, value) at rising times; beyond, both ends stay."""

    __slots__ = ("_first", "_inner", "_last", "_rows", "_table")

    def __init__(self, points: Iterable[tuple[float, float]]) -> None:
        times, values = zip(*points)
        self._first, self._last = times[0], times[-1]
        if len(times) == 1:
            times, values = (times[0] - 1.0, *times), (*values, *values)
        self._inner = times[1:-1]
        self._rows = tuple(zip(times, times[1:], values, values[1:]))
        self._table = np.array(self._rows)

    def line(self, t: Any) -> Any:
        """Return the value at a time, on straight lines."""
        start, end, a, b, t = self._around(t)
        return numeric.between(a, b, t - start, end - start)

    def wave(self, t: Any) -> Any:
        """Return the value at a time, on half cosine waves."""
        start, end, a, b, t = self._around(t)
        return numeric.blend(a, b, *numeric.half_waves(t - start, end - t, end - start))

    def _around(self, t: Any) -> tuple[Any, Any, Any, Any, Any]:
        """Return the times and values on both sides of a time, and the time, cut."""
        t = numeric.least(numeric.greatest(t, self._first), self._last)
        if isinstance(t, np.ndarray):
            rows = self._table[np.searchsorted(self._inner, t)]
            return rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], t
        return *self._rows[bisect_left(self._inner, t)], t
