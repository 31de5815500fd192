"""The last phase of a warm-up–stable–decay plan."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class decay(Shape):
    """A fall from 1 to ``floor``, in the shapes used for cooling down.

    f(t) = floor + (1 - floor)·g(t/steps), with g(p) =

    - linear: 1 - p
    - cosine: (1 + cos(π·p)) / 2
    - 1-sqrt: 1 - √p
    - 1-square: 1 - p²
    - power: 1 - p^power
    - exponential: (ratio^p - ratio) / (1 - ratio)

    These are the decays of transformers, timm, torchtitan and Megatron, whose
    exponential has the ratio 0.5 and timm's 0.1. Source: Hägele et al., "Scaling
    Laws and Compute-Optimal Training Beyond Fixed Training Durations", 2024,
    arXiv:2405.18392 (1-sqrt).

    Args:
        steps: Steps from 1 to the floor.
        shape: How it falls.
        floor: Value at the end and afterwards, from 0 to 1.
        power: Power of the shape "power", above 0.
        ratio: Ratio of the shape "exponential", between 0 and 1.

    >>> import lrscope
    >>> lrscope.schedules.decay(100, "1-sqrt")([0, 25, 100]).tolist()
    [1.0, 0.5, 0.0]
    """

    steps: Steps = length()
    shape: str = choice(
        of=("linear", "cosine", "1-sqrt", "1-square", "power", "exponential"),
        default="linear",
    )
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")
    power: float = number(default=0.5, above=0.0)
    ratio: float = number(default=0.1, above=0.0, below=1.0)

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        return self.floor + (1.0 - self.floor) * self._fall(t, n - t, n)

    def _fall(self, t: Any, rest: Any, n: float) -> Any:
        done, left = t / n, rest / n
        if self.shape == "linear":
            return numeric.between(1.0, 0.0, t, n)
        if self.shape == "cosine":
            return numeric.half_wave(t, rest, n)
        if self.shape == "1-sqrt":
            return left / (1.0 + np.sqrt(done))
        if self.shape == "1-square":
            return left * (1.0 + done)
        if self.shape == "power":
            return numeric.power_and_rest(done, left, self.power)[1]
        return self._exponential(done, left)

    def _exponential(self, done: Any, left: Any) -> Any:
        """Return (ratio^p - ratio) / (1 - ratio), counted from the nearer end."""
        ratio, rate = self.ratio, -log(self.ratio)
        early = (np.exp(-rate * done) - ratio) / (1.0 - ratio)
        late = ratio * np.expm1(rate * numeric.least(left, 0.5)) / (1.0 - ratio)
        return numeric.where(done < 0.5, early, late)
