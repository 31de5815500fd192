"""Pieces: the way from point to point, looked up fast."""

from __future__ import annotations

from bisect import bisect_left
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.schedules import numeric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Piece = tuple[float, float, float, float]
    """Where it starts and ends, and its values there."""


class Pieces:
    """Pieces that end one after the other; the last one goes on until ``last``.

    Args:
        pieces: They must not start where they end.
        first: The value before this time is that of this time.
        last: The value after this time is that of this time.
    """

    __slots__ = ("_columns", "_ends", "_first", "_last", "_pieces")

    def __init__(
        self, pieces: Sequence[Piece], first: float = -inf, last: float = inf
    ) -> None:
        self._first, self._last = first, last
        self._pieces = tuple(pieces)
        self._ends = tuple(end for _, end, _, _ in pieces[:-1])
        self._columns = tuple(map(np.array, zip(*pieces)))

    @classmethod
    def through(cls, points: Iterable[tuple[float, float]]) -> Pieces:
        """Return the pieces between points (time, value) at rising times."""
        found = list(points)
        (first, value), (last, _) = found[0], found[-1]
        if first == last:
            found = [(first - 1.0, value), (first, value)]
        pieces = [(s, e, a, b) for (s, a), (e, b) in zip(found, found[1:])]
        return cls(pieces, first, last)

    def line(self, t: Any) -> Any:
        """Return the value at a time, on straight lines."""
        start, end, a, b, t = self._at(t)
        return numeric.between(a, b, t - start, end - start)

    def wave(self, t: Any) -> Any:
        """Return the value at a time, on half cosine waves."""
        start, end, a, b, t = self._at(t)
        done, left = (t - start) / (end - start), (end - t) / (end - start)
        return numeric.blend(a, b, *numeric.half_waves(done, left))

    def _at(self, t: Any) -> tuple[Any, Any, Any, Any, Any]:
        """Return the piece at a time and the time, which is cut at both ends."""
        t = numeric.least(numeric.greatest(t, self._first), self._last)
        if isinstance(t, np.ndarray):
            which = np.searchsorted(self._columns[1][:-1], t)
            start, end, a, b = (each.take(which) for each in self._columns)
            return start, end, a, b, t
        return *self._pieces[bisect_left(self._ends, t)], t
