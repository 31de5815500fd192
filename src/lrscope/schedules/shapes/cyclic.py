"""Triangles: one of them, or again and again."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.function import named, of_each
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrscope.schedules.evaluated import Time


@value
class cyclic(Shape):
    """Up from ``low`` to 1 and down again, without end.

    f(t) = low + (1 - low)·a·h, where h rises from 0 to 1 in ``up`` steps and falls
    in ``down`` steps, and a, in cycle c = 0, 1, …, is

    - triangular: 1
    - triangular2: 2^-c
    - exp_range: gamma^t
    - scale: what the function says, called with c + 1 or with t

    Factors of torch's CyclicLR's ``max_lr``. Source: Smith, "Cyclical Learning Rates
    for Training Neural Networks", 2017, arXiv:1506.01186.

    Args:
        up: Steps from ``low`` to the peak.
        down: Steps back; as many as up if None.
        low: Lowest value, from 0 to 1. Smith takes a third or a fourth of the peak.
        mode: "triangular", "triangular2" or "exp_range".
        gamma: Ratio from step to step for "exp_range", above 0.
        scale: A function, or its name "module:name", instead of a mode.
        scale_by: What it is called with: "cycle", from 1, or "iterations", from 0.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.cyclic(4, low=0.5)([0, 2, 4, 8, 12]).tolist()
    [0.5, 0.75, 1.0, 0.5, 1.0]
    """

    up: Steps = length()
    down: Steps = length(default=None, optional=True)
    low: float = number(default=0.25, low=0.0, high=1.0, hint="it is a factor")
    mode: str = choice(
        of=("triangular", "triangular2", "exp_range"), default="triangular"
    )
    gamma: float = number(default=1.0, above=0.0)
    scale: str | Callable[[float], float] | None = named(default=None, optional=True)
    scale_by: str = choice(of=("cycle", "iterations"), default="cycle")
    steps: Steps = length(default=None, optional=True)
    turns = True

    def _prepare(self) -> None:
        if self.scale is not None and self.mode != "triangular":
            msg = f"cyclic needs either a scale or a mode, got both ({self.mode!r})"
            raise ScheduleError(msg)

    @property
    def _reach(self) -> int | None:
        cycle = self.up + (self.up if self.down is None else self.down)
        if self.steps is not None:
            return int(self.steps) + 1
        falls = self.mode != "exp_range" or self.gamma <= 1
        return int(cycle) if self.scale is None and falls else None

    def _formula(self, t: Any) -> Any:
        down = self.up if self.down is None else self.down
        cycle = self.up + down
        inside = t % cycle
        rise = inside / self.up
        fall = (cycle - inside) / down
        height = numeric.where(inside <= self.up, rise, fall)
        height = height * self._amplitude(t, numeric.floor(t / cycle))
        return self.low + (1.0 - self.low) * height

    def _amplitude(self, t: Any, cycle: Any) -> Any:
        if self.scale is not None:
            return of_each(self.scale, cycle + 1 if self.scale_by == "cycle" else t)
        if self.mode == "triangular2":
            return numeric.power(0.5, cycle)
        return 1.0 if self.mode == "triangular" else numeric.power(self.gamma, t)


@value
class slanted_triangular(Shape):
    """A short rise and a long fall, both straight.

    f(t) = (1 + p·(ratio - 1)) / ratio, where p rises from 0 to 1 in
    cut = ⌊steps·cut_frac⌋ steps and falls to 0 in the others

    Source: Howard and Ruder, "Universal Language Model Fine-tuning for Text
    Classification", 2018, arXiv:1801.06146.

    Args:
        steps: Length.
        cut_frac: Share of the steps that go up, above 0 and below 1.
        ratio: How much smaller the lowest value is than 1, at least 1.

    >>> import lrscope
    >>> shape = lrscope.schedules.slanted_triangular(100, cut_frac=0.2, ratio=4.0)
    >>> shape([0, 20, 60, 100]).tolist()
    [0.25, 1.0, 0.625, 0.25]
    """

    steps: Steps = length()
    cut_frac: float = number(default=0.1, above=0.0, below=1.0)
    ratio: float = number(default=32.0, low=1.0)

    @property
    def _cut(self) -> int:
        cut: int = floor(self.steps * self.cut_frac)
        return cut

    @property
    def _edges(self) -> tuple[Time, ...]:
        return (self._cut,)

    def _formula(self, t: Any) -> Any:
        cut, low = float(self._cut), 1.0 / self.ratio
        passed = numeric.greatest(t - cut, 0.0)
        fall = numeric.between(1.0, low, passed, self.steps - cut)
        if not cut:
            return fall
        rise = numeric.between(low, 1.0, numeric.least(t, cut), cut)
        return numeric.where(t < cut, rise, fall)
