"""Hyperbolic decays, which hardly depend on the number of steps at the beginning."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


class _Hyperbolic(Shape):
    """What both have: h(t) = √((n - t)·(2u - n - t))/u, n = steps, u = upper_bound."""

    __slots__ = ()
    steps: Steps
    upper_bound: Steps

    def _prepare(self) -> None:
        in_steps = isinstance(self.steps, int) and isinstance(self.upper_bound, int)
        if in_steps and self.upper_bound < self.steps:
            name = type(self).__name__
            msg = (
                f"{name} needs upper_bound >= steps, "
                f"got {self.upper_bound!r} and {self.steps!r}"
            )
            raise ScheduleError(msg)

    def _way(self, t: Any) -> tuple[Any, Any, float]:
        """Return h(0) - h(t), which must not cancel, h(t), and h(0)."""
        n, u = 1.0 * self.steps, 1.0 * self.upper_bound
        first = sqrt(n * (2.0 * u - n)) / u
        now = np.sqrt((n - t) * (2.0 * u - n - t)) / u
        return (t / u) * ((2.0 * u - t) / u) / (first + now), now, first


@value
class hyperbolic(_Hyperbolic):
    """A piece of a hyperbola, from 1 down.

    f(t) = 1 + (1 - floor)·(h(t) - h(0)), with h(t) = √((n - t)·(2u - n - t))/u,
    n = steps and u = upper_bound

    It ends at the floor if u = n, higher if u > n. Source: Kim, "HyperbolicLR: Epoch
    Insensitive Learning Rate Scheduler", 2024, arXiv:2407.15200.

    Args:
        steps: Steps of the decay.
        upper_bound: The most steps a training would ever have, not below ``steps``.
        floor: The lowest value, from 0 to 1.

    Raises:
        ScheduleError: If upper_bound < steps.

    >>> import lrscope
    >>> lrscope.schedules.hyperbolic(100, 100)([0, 40, 100]).tolist()
    [1.0, 0.6, 0.0]
    """

    steps: Steps = length()
    upper_bound: Steps = length()
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")

    def _formula(self, t: Any) -> Any:
        way, now, first = self._way(t)
        beyond = (1.0 * self.upper_bound - self.steps) / self.upper_bound
        return beyond * beyond / (1.0 + first) + self.floor * way + now


@value
class exp_hyperbolic(_Hyperbolic):
    """The hyperbolic decay of the logarithm of the rate.

    f(t) = floor^(h(0) - h(t)), with h(t) = √((n - t)·(2u - n - t))/u, n = steps and
    u = upper_bound

    Source: Kim, "HyperbolicLR", 2024, arXiv:2407.15200.

    Args:
        steps: Steps of the decay.
        upper_bound: The most steps a training would ever have, not below ``steps``.
        floor: The lowest value, above 0, at most 1; reached if u = n.

    Raises:
        ScheduleError: If upper_bound < steps.

    >>> import lrscope
    >>> shape = lrscope.schedules.exp_hyperbolic(100, 100, floor=0.01)
    >>> shape([0, 40, 100]).round(6).tolist()
    [1.0, 0.158489, 0.01]
    """

    steps: Steps = length()
    upper_bound: Steps = length()
    floor: float = number(default=1e-3, above=0.0, high=1.0, hint="it is a factor")

    def _formula(self, t: Any) -> Any:
        way, _, _ = self._way(t)
        return numeric.power(self.floor, way)
