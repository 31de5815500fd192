"""Values read from a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, derived, numbers, points
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.pieces import Pieces
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.schedules.evaluated import Time


@value
class lookup(Shape):
    """A value for every step, from a list; the last one stays.

    f(t) = values[t]

    Args:
        values: The values of steps 0, 1, …; at least one.

    >>> import lrscope
    >>> lrscope.schedules.lookup([0.1, 0.5, 1.0])([0, 1, 2, 3]).tolist()
    [0.1, 0.5, 1.0, 1.0]
    """

    values: Sequence[float] = numbers()
    _table: Any = derived()
    turns = True

    def _prepare(self) -> None:
        object.__setattr__(self, "_table", np.array(self.values))

    @property
    def length(self) -> int:
        """The number of values."""
        return len(self.values)

    @property
    def settles(self) -> int:
        """The step of the last value."""
        return len(self.values) - 1

    def _formula(self, t: Any) -> Any:
        t = numeric.least(t, float(self.settles))
        if isinstance(t, np.ndarray):
            return self._table[t.astype(np.intp)]
        return self.values[int(t)]


class _Piecewise(Shape):
    """What both have: points, at rising steps."""

    __slots__ = ()
    points: Sequence[tuple[Steps, float]]
    _pieces: Pieces

    def _prepare(self) -> None:
        if self._first_unit() is None:
            points = ((float(step), each) for step, each in self.points)
            object.__setattr__(self, "_pieces", Pieces.through(points))

    @property
    def length(self) -> int:
        """The step of the last point."""
        self._refuse_units()
        return max(int(self.points[-1][0]), 1)

    @property
    def settles(self) -> int:
        """The step of the last point."""
        self._refuse_units()
        return int(self.points[-1][0])

    @property
    def _edges(self) -> tuple[Time, ...]:
        return tuple(step for step, _ in self.points)


@value
class piecewise_linear(_Piecewise):
    """Straight lines from point to point; the first and the last value stay.

    f(t) = a + (b - a)·(t - s)/(e - s) between points (s, a) and (e, b)

    ignite's PiecewiseLinear; optax's piecewise_interpolate_schedule("linear").

    Args:
        points: Pairs of a step and a value, at least one, at rising steps.

    >>> import lrscope
    >>> lrscope.schedules.piecewise_linear([(0, 0.0), (10, 1.0), (30, 0.5)])(20)
    0.75
    """

    points: Sequence[tuple[Steps, float]] = points()
    _pieces: Any = derived()

    def _formula(self, t: Any) -> Any:
        return self._pieces.line(t)


@value
class piecewise_cosine(_Piecewise):
    """Half cosine waves from point to point; the first and the last value stay.

    f(t) = b + (a - b)·(1 + cos(π·(t - s)/(e - s)))/2 between points (s, a), (e, b)

    optax's piecewise_interpolate_schedule("cosine").

    Args:
        points: Pairs of a step and a value, at least one, at rising steps.

    >>> import lrscope
    >>> waves = lrscope.schedules.piecewise_cosine([(0, 0.0), (10, 1.0), (30, 0.5)])
    >>> waves([0, 5, 10, 20]).round(9)
    array([0.  , 0.5 , 1.  , 0.75])
    """

    points: Sequence[tuple[Steps, float]] = points()
    _pieces: Any = derived()

    def _formula(self, t: Any) -> Any:
        return self._pieces.wave(t)
