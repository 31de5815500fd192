"""Hyperbolic tangent decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class tanh(Shape):
    """A piece of the hyperbolic tangent: flat, falling, flat.

    f(t) = floor + (1 - floor)·(1 - tanh(lower·(1 - p) + upper·p))/2, with p = t/steps

    It begins a little below 1 and ends a little above the floor. timm's bounds are
    the default; pytorch_scheduler's steepness s is lower = -s, upper = s. Source:
    Hsueh, Li and Wu, "Stochastic Gradient Descent with Hyperbolic-Tangent Decay on
    Classification", 2018, arXiv:1806.01593.

    Args:
        steps: Steps of the decay.
        lower: Where in the tangent it begins.
        upper: Where in the tangent it ends, above ``lower``.
        floor: Value that the end comes near to, from 0 to 1.

    Raises:
        ScheduleError: If lower >= upper.

    >>> import lrscope
    >>> lrscope.schedules.tanh(100, lower=-3.0, upper=3.0)([0, 50, 100]).round(4)
    array([0.9975, 0.5   , 0.0025])
    """

    steps: Steps = length()
    lower: float = number(default=-7.0)
    upper: float = number(default=3.0)
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")

    def _prepare(self) -> None:
        if self.lower >= self.upper:
            msg = f"tanh needs lower < upper, got {self.lower!r} and {self.upper!r}"
            raise ScheduleError(msg)

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        place = (self.lower * (n - t) + self.upper * t) / n
        fall = 1.0 / (1.0 + np.exp(2.0 * place))
        return self.floor + (1.0 - self.floor) * fall
