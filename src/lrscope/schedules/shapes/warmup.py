"""Warm-up: from a small rate to the base rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import choice, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class warmup(Shape):
    """A rise from ``start`` to 1.

    f(t) = start + (1 - start)·g(t/steps), with g(p) =

    - linear: p
    - constant: 0 until the end
    - cosine: (1 - cos(π·p)) / 2
    - 1-sqrt: 1 - √(1 - p)
    - exponential: p² - … see ``_rise``

    Without a ``start`` it is 1/(steps + 1): the line that nanoGPT and others draw,
    (t + 1)/(steps + 1). A start of 0 wastes the first update: nothing moves.

    Args:
        steps: Steps until 1 is reached.
        start: Value at step 0, from 0; 1/(steps + 1) if None.
        shape: How it rises.

    >>> import lrscope
    >>> lrscope.warmup(4)([0, 1, 2, 3, 4]).tolist()
    [0.2, 0.4, 0.6, 0.8, 1.0]
    """

    steps: int = length()
    start: float | None = number(default=None, low=0.0, optional=True)
    shape: str = choice(of=("linear", "constant", "cosine", "1-sqrt"), default="linear")

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        start = 1.0 / (n + 1.0) if self.start is None else self.start
        if self.shape == "constant":
            return numeric.where(t < n, start, 1.0)
        if self.shape == "linear":
            if self.start is None:
                return (t + 1.0) / (n + 1.0)
            return numeric.between(start, 1.0, t, n)
        if self.shape == "cosine":
            rise = numeric.half_cosine(n - t, n)
        else:
            left = (n - t) / n
            rise = (t / n) / (1.0 + np.sqrt(left))
        return start + (1.0 - start) * rise
