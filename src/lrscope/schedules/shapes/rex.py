"""REX: slow at first, then fast."""

from __future__ import annotations

from typing import Any

from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class rex(Shape):
    """The reflected exponential: between a line and a step.

    f(t) = floor + (1 - floor)·(1 - p)/(1 - p/2), with p = t/steps

    Source: Chen, Wolfe and Kyrillidis, "REX: Revisiting Budgeted Training with an
    Improved Schedule", 2021, arXiv:2107.04197.

    Args:
        steps: Steps from 1 to the floor.
        floor: Value at the end and afterwards, from 0 to 1.

    >>> import lrscope
    >>> lrscope.schedules.rex(9)([0, 3, 9]).tolist()
    [1.0, 0.8, 0.0]
    """

    steps: Steps = length()
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")

    def _formula(self, t: Any) -> Any:
        left = self.steps - t
        return self.floor + (1.0 - self.floor) * (2.0 * left / (left + self.steps))
