"""k-decay: shapes that stay high for longer."""

from __future__ import annotations

from typing import Any

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class k_decay(Shape):
    """A cosine or polynomial of p^k in place of p.

    f(t) = floor + (1 - floor)·g((t/steps)^k), with g(q) =

    - cosine: (1 + cos(π·q)) / 2
    - polynomial: (1 - q)^power

    timm's ``k_decay``. Source: Zhang and Li, "k-decay: A New Method for Learning Rate
    Schedule", 2020, arXiv:2004.05909.

    Args:
        steps: Steps from 1 to the floor.
        k: Power of the time, above 0; above 1 the rate stays high for longer.
        shape: "cosine" or "polynomial".
        power: Power of the polynomial, above 0.
        floor: Value at the end and afterwards, from 0 to 1.

    >>> import lrscope
    >>> shape = lrscope.schedules.k_decay(100, 2.0, shape="polynomial")
    >>> shape([0, 50, 100]).tolist()
    [1.0, 0.75, 0.0]
    """

    steps: Steps = length()
    k: float = number(above=0.0)
    shape: str = choice(of=("cosine", "polynomial"), default="cosine")
    power: float = number(default=1.0, above=0.0)
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        done, left = numeric.power_and_rest(t / n, (n - t) / n, self.k)
        if self.shape == "cosine":
            fall = numeric.half_wave(done, left)
        else:
            fall, _ = numeric.power_and_rest(left, done, self.power)
        return self.floor + (1.0 - self.floor) * fall
