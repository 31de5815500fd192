"""Exponential decay."""

from __future__ import annotations

from typing import Any

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class exponential(Shape):
    """A constant ratio from step to step.

    f(t) = gamma^(t / every)

    With ``every=1`` it is torch's ExponentialLR.

    Args:
        gamma: Ratio over ``every`` steps, above 0.
        every: Steps in which the value changes by ``gamma``.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.exponential(0.5, every=10)(30)
    0.125
    """

    gamma: float = number(above=0.0)
    every: Steps = length(default=1)
    steps: Steps = length(default=None, optional=True)

    def _formula(self, t: Any) -> Any:
        return numeric.powered(self.gamma, t, self.every)
