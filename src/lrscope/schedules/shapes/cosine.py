"""Cosine annealing."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class cosine(Shape):
    """Half a cosine wave from 1 down to ``floor``; it stays there.

    f(t) = floor + (1 - floor) · ((1 + cos(π·t/steps)) / 2)^power

    torch's CosineAnnealingLR climbs again after T_max; this one does not. Source:
    Loshchilov and Hutter, "SGDR", 2017, arXiv:1608.03983; the power is optax's.

    Args:
        steps: Steps from 1 to the floor.
        floor: Value at the end and afterwards, from 0 to 1.
        power: Power of the wave, above 0.

    >>> import lrscope
    >>> lrscope.cosine(1_000, floor=0.1)([0, 500, 1_000, 2_000]).tolist()
    [1.0, 0.55, 0.1, 0.1]
    """

    steps: int = length()
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")
    power: float = number(default=1.0, above=0.0)

    def _formula(self, t: Any) -> Any:
        wave = numeric.half_cosine(t, float(self.steps))
        if self.power != 1:
            wave = np.power(wave, self.power)
        return self.floor + (1.0 - self.floor) * wave
