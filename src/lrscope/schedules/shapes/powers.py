"""Powers of the time that has passed or that is left."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time


@value
class polynomial(Shape):
    """A power of what is left, from 1 to ``end``.

    f(t) = end + (1 - end)·(1 - t/steps)^power

    torch's PolynomialLR with an end; DeepLab's "poly" has the power 0.9.

    Args:
        steps: Steps from 1 to the end.
        power: Power, above 0; 1 is a straight line.
        end: Value at the end and afterwards.

    >>> import lrscope
    >>> lrscope.polynomial(10, power=2.0)([0, 5, 10]).tolist()
    [1.0, 0.25, 0.0]
    """

    steps: Steps = length()
    power: float = number(default=1.0, above=0.0)
    end: float = number(default=0.0)

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        if self.power == 1:
            return numeric.between(1.0, self.end, t, n)
        left, done = numeric.power_and_rest((n - t) / n, t / n, self.power)
        if self.end == 0:
            return left
        return numeric.blend(1.0, self.end, done, left)


@value
class inverse_time(Shape):
    """One over the time that has passed.

    f(t) = 1 / (1 + rate·t/every)

    The same as Keras' InverseTimeDecay.

    Args:
        rate: How fast it falls, above 0.
        every: Steps that count as one.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.inverse_time(1.0, every=100)([0, 100, 300]).tolist()
    [1.0, 0.5, 0.25]
    """

    rate: float = number(above=0.0)
    every: Steps = length(default=1)
    steps: Steps = length(default=None, optional=True)

    def _formula(self, t: Any) -> Any:
        return self.every / (self.every + self.rate * t)


@value
class inverse_sqrt(Shape):
    """One over the square root of the time that has passed.

    f(t) = (1 + t/timescale)^(-1/2)

    After a warm-up of ``timescale`` steps it is the schedule of Vaswani et al.,
    "Attention Is All You Need", 2017, arXiv:1706.03762, in the form of T5, fairseq
    and transformers; Noam's own curve is ``noam``.

    Args:
        timescale: Steps after which it is 1/√2.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.inverse_sqrt(100)([0, 300, 9_900]).tolist()
    [1.0, 0.5, 0.1]
    """

    timescale: Steps = length()
    steps: Steps = length(default=None, optional=True)

    def _formula(self, t: Any) -> Any:
        return 1.0 / np.sqrt((self.timescale + t) / self.timescale)


@value
class power_law(Shape):
    """A power of the time that has passed.

    f(t) = (1 + t/timescale)^(-exponent)

    Args:
        exponent: Power, above 0; 0.5 is ``inverse_sqrt``.
        timescale: Steps that count as one.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.power_law(2.0, timescale=10)([0, 10, 90]).round(4).tolist()
    [1.0, 0.25, 0.01]
    """

    exponent: float = number(above=0.0)
    timescale: Steps = length(default=1)
    steps: Steps = length(default=None, optional=True)

    def _formula(self, t: Any) -> Any:
        return np.exp(-self.exponent * np.log1p(t / self.timescale))


@value
class noam(Shape):
    """A straight rise, then one over the square root of the step.

    f(t) = c·min((t + 1)/w, √(w/(t + 1))) with w = warmup and c = 1, or, with a
    ``d_model``, c = 1/√(d_model·w)

    With a ``d_model`` these are Noam's numbers: d_model^-½ · min((t + 1)^-½,
    (t + 1)·w^-1.5), meant for a base rate of 1. Source: Vaswani et al., "Attention
    Is All You Need", 2017, arXiv:1706.03762.

    Args:
        warmup: Steps of the rise; the peak is at step ``warmup - 1``.
        d_model: Width of the model, at least 1; the peak is 1 if None.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.noam(4)([0, 3, 15, 63]).tolist()
    [0.25, 1.0, 0.5, 0.25]
    """

    warmup: Steps = length()
    d_model: float | None = number(default=None, low=1.0, optional=True)
    steps: Steps = length(default=None, optional=True)

    @property
    def _edges(self) -> tuple[Time, ...]:
        return (self.warmup - 1,)

    def _formula(self, t: Any) -> Any:
        now = t + 1.0
        fall = np.sqrt(self.warmup / now)
        found = numeric.where(now < self.warmup, now / self.warmup, fall)
        if self.d_model is None:
            return found
        return found / sqrt(self.d_model * self.warmup)
