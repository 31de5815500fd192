"""Ways from one rate to another: to an averaging rate, and through a range."""

from __future__ import annotations

from typing import Any

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class swa_anneal(Shape):
    """From 1 to the rate of stochastic weight averaging, which then stays.

    f(t) = 1 + (to - 1)·g(t/steps), with g(p) =

    - cos: (1 - cos(π·p)) / 2
    - linear: p

    torch's SWALR, with ``to`` as a factor of the rate that it begins from.

    Args:
        steps: Steps of the way; torch's ``anneal_epochs``.
        to: Value at the end and afterwards, at least 0.
        strategy: "cos" or "linear".

    >>> import lrscope
    >>> lrscope.schedules.swa_anneal(10, 0.5)([0, 5, 10, 20]).round(9)
    array([1.  , 0.75, 0.5 , 0.5 ])
    """

    steps: Steps = length()
    to: float = number(low=0.0)
    strategy: str = choice(of=("cos", "linear"), default="cos")

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        if self.strategy == "linear":
            return numeric.between(1.0, self.to, t, n)
        return numeric.blend(1.0, self.to, *numeric.half_waves(t, n - t, n))


@value
class range_test(Shape):
    """A ramp through all rates of interest, to see where training breaks.

    f(t) = start·(end/start)^(t/steps) or, linear, start + (end - start)·t/steps

    Use it ``.absolute()`` to give rates. Source: Smith, "Cyclical Learning Rates for
    Training Neural Networks", 2017, arXiv:1506.01186.

    Args:
        steps: Steps of the ramp.
        start: First value, above 0.
        end: Last value, above 0.
        shape: "exponential" or "linear".

    >>> import lrscope
    >>> ramp = lrscope.schedules.range_test(8, start=1e-7, end=10.0)
    >>> ramp([0, 4, 8]).round(9).tolist()
    [1e-07, 0.001, 10.0]
    """

    steps: Steps = length()
    start: float = number(default=1e-7, above=0.0)
    end: float = number(default=10.0, above=0.0)
    shape: str = choice(of=("exponential", "linear"), default="exponential")

    def _prepare(self) -> None:
        if not min(self.start / self.end, self.end / self.start) > 0:
            msg = f"range_test needs nearer ends, got {self.start!r} and {self.end!r}"
            raise ScheduleError(msg)

    def _formula(self, t: Any) -> Any:
        n = float(self.steps)
        if self.shape == "linear":
            return numeric.between(self.start, self.end, t, n)
        # Counted from the larger end: rounding grows with the distance in logarithms.
        if self.start < self.end:
            return self.end * numeric.power(self.start / self.end, (n - t) / n)
        return self.start * numeric.power(self.end / self.start, t / n)
