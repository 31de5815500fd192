"""Values read from a table."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, derived, numbers, points
from lrscope.schedules.evaluated import value
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
    """What both have: points, and a way from one to the next."""

    __slots__ = ()
    points: Sequence[tuple[Steps, float]]
    _steps: Any
    _values: Any

    def _prepare(self) -> None:
        if self._first_unit() is None:
            steps, values = zip(*((float(step), each) for step, each in self.points))
            object.__setattr__(self, "_steps", np.array((*steps, steps[-1] + 1.0)))
            object.__setattr__(self, "_values", np.array((*values, values[-1])))

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

    def _formula(self, t: Any) -> Any:
        which: Any
        if isinstance(t, np.ndarray):
            which = np.searchsorted(self._steps[:-1], t, side="right") - 1
            which = np.maximum(which, 0)
        else:
            which = max(int(bisect_right(self._steps, t)) - 1, 0)
            which = min(which, len(self.points) - 1)
        first, of = self._steps[which], self._steps[which + 1] - self._steps[which]
        passed = numeric.least(numeric.greatest(t - first, 0.0), of)
        return self._way(self._values[which], self._values[which + 1], passed, of)

    def _way(self, start: Any, end: Any, passed: Any, of: Any) -> Any:
        raise NotImplementedError


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
    _steps: Any = derived()
    _values: Any = derived()

    def _way(self, start: Any, end: Any, passed: Any, of: Any) -> Any:
        return numeric.between(start, end, passed, of)


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
    _steps: Any = derived()
    _values: Any = derived()

    def _way(self, start: Any, end: Any, passed: Any, of: Any) -> Any:
        left = of - passed
        rise = numeric.half_wave(left, passed, of)
        return numeric.blend(start, end, rise, numeric.half_wave(passed, left, of))
