"""Straight lines."""

from __future__ import annotations

from typing import Any

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class linear(Shape):
    """A straight line from ``start`` to ``end``.

    f(t) = start + (end - start)·t/steps

    Args:
        steps: Steps from start to end.
        start: Value at step 0.
        end: Value at step ``steps`` and afterwards.

    >>> import lrscope
    >>> lrscope.linear(4)([0, 1, 2, 3, 4]).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """

    steps: Steps = length()
    start: float = number(default=1.0)
    end: float = number(default=0.0)

    def _formula(self, t: Any) -> Any:
        return numeric.between(self.start, self.end, t, float(self.steps))

    def _closed_sum(self, start: int, stop: int) -> float:
        return (stop - start) * ((self(start) + self(stop - 1)) / 2)
