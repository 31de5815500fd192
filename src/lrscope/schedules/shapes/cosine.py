"""Cosine annealing, once and as an endless wave."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class cosine(Shape):
    """Half a cosine wave from 1 down to ``floor``; it stays there.

    f(t) = floor + (1 - floor) · ((1 + cos(π·t/steps)) / 2)^power

    torch's CosineAnnealingLR climbs again after T_max; this one does not, and
    ``cosine_wave`` does. Source: Loshchilov and Hutter, "SGDR", 2017,
    arXiv:1608.03983; the power is optax's.

    Args:
        steps: Steps from 1 to the floor.
        floor: Value at the end and afterwards, from 0 to 1.
        power: Power of the wave, above 0.

    >>> import lrscope
    >>> lrscope.cosine(1_000, floor=0.1)([0, 500, 1_000, 2_000]).round(9)
    array([1.  , 0.55, 0.1 , 0.1 ])
    """

    steps: Steps = length()
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")
    power: float = number(default=1.0, above=0.0)

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        if self.power == 1:
            wave = numeric.half_cosine(t, n)
        else:
            rest, wave = numeric.half_waves(t, n - t, n)
            wave, _ = numeric.power_and_rest(wave, rest, self.power)
        return self.floor + (1.0 - self.floor) * wave

    def _closed_sum(self, start: int, stop: int) -> float | None:
        """Add cosines up as Lagrange did, from the top: further down they cancel."""
        if start or self.power != 1:
            return None
        half = pi / (2 * self.steps)
        cosines = sin(stop * half) * cos((stop - 1) * half) / sin(half)
        return stop * self.floor + (1.0 - self.floor) * (stop + cosines) / 2


@value
class cosine_wave(Shape):
    """A cosine wave without end: down to ``floor`` and up to 1 again, smoothly.

    f(t) = floor + (1 - floor) · (1 + cos(2π·t/period)) / 2

    torch's CosineAnnealingLR(T_max) is ``cosine_wave(2·T_max)``.

    Args:
        period: Steps from one peak to the next.
        floor: Lowest value, from 0 to 1.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.cosine_wave(200)([0, 50, 100, 200]).round(9).tolist()
    [1.0, 0.5, 0.0, 1.0]
    """

    period: Steps = length()
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")
    steps: Steps = length(default=None, optional=True)
    turns = True

    @property
    def _reach(self) -> int:
        return int(self.period if self.steps is None else self.steps + 1)

    def _formula(self, t: Any) -> Any:
        inside = t % self.period
        done = 2.0 * numeric.least(inside, self.period - inside)
        wave = numeric.half_cosine(done, 1.0 * self.period)
        return self.floor + (1.0 - self.floor) * wave
