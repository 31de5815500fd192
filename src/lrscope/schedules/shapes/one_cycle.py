"""One cycle: up, down, and further down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, derived, flag, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.pieces import Pieces
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time


@value
class one_cycle(Shape):
    """From 1/div_factor up to 1, then down to 1/(div_factor·final_div_factor).

    With two phases they meet at step pct_start·steps - 1 and end at steps - 1; with
    three, the second one is the way back to 1/div_factor and as long as the first:
    they meet at pct_start·steps - 1 and 2·pct_start·steps - 2. In a phase from a at
    step i to b at step j, with p = (t - i)/(j - i),

    f(t) = a + (b - a)·(1 - cos(π·p))/2, or, linear, a + (b - a)·p

    Factors of torch's OneCycleLR's ``max_lr``; torch refuses to step past the end,
    this one holds. Source: Smith and Topin, "Super-Convergence", 2018,
    arXiv:1708.07120.

    Args:
        steps: Length; the last value is that of step ``steps - 1``.
        pct_start: Share of the steps that go up, above 0 and below 1.
        div_factor: What the peak is divided by at the start, above 0.
        final_div_factor: What the start is divided by at the end, above 0.
        anneal: "cos" or "linear".
        three_phase: Whether to come back to the start before the final descent.

    >>> import lrscope
    >>> lrscope.one_cycle(100, pct_start=0.25)([0, 24, 99]).tolist()
    [0.04, 1.0, 4e-06]
    """

    steps: Steps = length()
    pct_start: float = number(default=0.3, above=0.0, below=1.0)
    div_factor: float = number(default=25.0, above=0.0)
    final_div_factor: float = number(default=1e4, above=0.0)
    anneal: str = choice(of=("cos", "linear"), default="cos")
    three_phase: bool = flag(default=False)
    _pieces: Any = derived()

    def _prepare(self) -> None:
        if self._first_unit() is not None:
            return
        start, last = 1.0 / self.div_factor, self.steps - 1.0
        meet = [(0.0, start), *zip(self._meet, (1.0, start))]
        gone = [each for each in meet if each[0] <= 0.0]
        points = gone[-1:] + meet[len(gone) :]
        if last > points[-1][0]:
            points.append((last, start / self.final_div_factor))
        object.__setattr__(self, "_pieces", Pieces.through(points))

    @property
    def settles(self) -> int:
        """The step before the length."""
        return (self.length or 0) - 1

    @property
    def _meet(self) -> tuple[float, ...]:
        """Times at which the phases meet, as torch reckons them."""
        first = self.pct_start * self.steps - 1.0
        return (first, 2.0 * self.pct_start * self.steps - 2.0)[: 1 + self.three_phase]

    @property
    def _edges(self) -> tuple[Time, ...]:
        return self._meet

    def _formula(self, t: Any) -> Any:
        t = numeric.least(t, self.steps - 1.0)
        if self.anneal == "linear":
            return self._pieces.line(t)
        return self._pieces.wave(t)
