"""Warm-up: from a small rate to the base rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, length, number
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
    - power: p^power
    - logarithmic: ln(1 + p·steps) / ln(1 + steps)

    Without a ``start`` it is 1/(steps + 1): the line that nanoGPT and others draw,
    (t + 1)/(steps + 1). A start of 0 wastes the first update: nothing moves. A start
    above 1 comes down to 1. The logarithmic one is DeepSpeed's, which counts
    ``warmup_num_steps`` one more; for one that never quite arrives see
    ``exponential_warmup``.

    Args:
        steps: Steps until 1 is reached.
        start: Value at step 0, at least 0; 1/(steps + 1) if None.
        shape: How it rises.
        power: Power of the shape "power", above 0.

    >>> import lrscope
    >>> lrscope.warmup(4)([0, 1, 2, 3, 4]).tolist()
    [0.2, 0.4, 0.6, 0.8, 1.0]
    """

    steps: Steps = length()
    start: float | None = number(default=None, low=0.0, optional=True)
    shape: str = choice(
        of=("linear", "constant", "cosine", "1-sqrt", "power", "logarithmic"),
        default="linear",
    )
    power: float = number(default=2.0, above=0.0)

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        start = 1.0 / (n + 1.0) if self.start is None else self.start
        if self.shape == "constant":
            return numeric.where(t < n, start, 1.0)
        if self.shape == "linear":
            if self.start is None:
                return (t + 1.0) / (n + 1.0)
            return numeric.between(start, 1.0, t, n)
        rise, rest = self._shares(t, n - t, n)
        return numeric.blend(start, 1.0, rise, rest)

    def _closed_sum(self, start: int, stop: int) -> float | None:
        if self.shape != "linear":
            return None
        return (stop - start) * ((self(start) + self(stop - 1)) / 2)

    def _shares(self, t: Any, left: Any, n: float) -> tuple[Any, Any]:
        """Return g and 1 - g."""
        if self.shape == "cosine":
            return numeric.half_waves(t, left, n)
        if self.shape == "1-sqrt":
            rest = np.sqrt(left / n)
            return (t / n) / (1.0 + rest), rest
        if self.shape == "power":
            return numeric.power_and_rest(t / n, left / n, self.power)
        whole = np.log1p(n)
        rise = np.log1p(t) / whole
        near = -np.log1p(-numeric.least(left, 0.5 * n) / (n + 1.0)) / whole
        return rise, numeric.where(left < t, near, 1.0 - rise)
