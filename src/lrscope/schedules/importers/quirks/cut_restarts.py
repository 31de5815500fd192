"""transformers' cosine with hard restarts, as its floating point has it."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class cut_restarts(Shape):
    """Half cosines one after the other, cut off at the end.

    f(t) = (1 + cos(π·q))/2 with q = cycles·(t/steps) modulo 1, and 0 from the end on

    The product and the quotient are rounded as transformers rounds them: where that
    leaves q a little below 1 a restart comes one step late, after a step at 0.
    Source: transformers' get_cosine_with_hard_restarts_schedule_with_warmup.

    Args:
        steps: Steps of all cycles together.
        cycles: How many; the last one is cut if this is not whole.

    >>> from lrscope.schedules.importers.quirks.cut_restarts import cut_restarts
    >>> cut_restarts(10, 2.0)([0, 4, 5, 9, 10]).round(3).tolist()
    [1.0, 0.095, 1.0, 0.095, 0.0]
    """

    steps: int = length()
    cycles: float = number()
    turns = True

    def _formula(self, t: Any) -> Any:
        done = t / float(self.steps)
        inside = (self.cycles * done) % 1.0
        wave = np.cos(np.pi * inside)
        return numeric.where(done >= 1.0, 0.0, 0.5 * (1.0 + wave))
