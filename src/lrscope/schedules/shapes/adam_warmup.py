"""Warm-ups that follow the second moment of Adam."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, log
from typing import Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, derived, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class exponential_warmup(Shape):
    """A rise towards 1 that slows down.

    f(t) = 1 - exp(-(t + 1)/timescale)

    Source: Ma and Yarats, "On the Adequacy of Untuned Warmup for Adaptive
    Optimization", 2019, arXiv:1910.04209; pytorch_warmup's ExponentialWarmup.

    Args:
        timescale: Steps after which about two thirds of the way are gone.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.exponential_warmup(100).first_step(at_least=0.5)
    69
    """

    timescale: Steps = length()
    steps: Steps = length(default=None, optional=True)
    accompanies = True

    def _formula(self, t: Any) -> Any:
        return -np.expm1(-(t + 1.0) / self.timescale)


@value
class untuned_exponential_warmup(Shape):
    """The exponential warm-up that follows Adam's β₂: its timescale is 1/(1 - β₂).

    f(t) = 1 - exp(-(1 - β₂)·(t + 1))

    Source: Ma and Yarats, 2019, arXiv:1910.04209. pytorch_warmup cuts the timescale
    to a whole number.

    Args:
        beta2: Adam's β₂, from 0 and below 1.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.untuned_exponential_warmup(0.99).first_step(at_least=0.5)
    69
    """

    beta2: float = number(default=0.999, low=0.0, below=1.0)
    steps: Steps = length(default=None, optional=True)
    accompanies = True

    def _formula(self, t: Any) -> Any:
        return -np.expm1(-(1.0 - self.beta2) * (t + 1.0))


@value
class untuned_linear_warmup(Shape):
    """The straight warm-up that follows Adam's β₂, over 2/(1 - β₂) steps.

    f(t) = min(1, (t + 1)·(1 - β₂)/2)

    Source: Ma and Yarats, 2019, arXiv:1910.04209. pytorch_warmup cuts the number of
    steps to a whole one.

    Args:
        beta2: Adam's β₂, from 0 and below 1.

    >>> import lrscope
    >>> lrscope.schedules.untuned_linear_warmup(0.99)([0, 99, 199, 300]).round(9)
    array([0.005, 0.5  , 1.   , 1.   ])
    """

    beta2: float = number(default=0.999, low=0.0, below=1.0)

    @property
    def length(self) -> int:
        """Steps until 1 is reached."""
        return max(ceil(2 / (1 - Fraction(self.beta2))) - 1, 1)

    def _formula(self, t: Any) -> Any:
        return numeric.least((t + 1.0) * ((1.0 - self.beta2) / 2.0), 1.0)


@value
class radam_warmup(Shape):
    """The warm-up inside RAdam, for use with Adam.

    f(t) = √((r - 4)(r - 2)·m / ((m - 4)(m - 2)·r)) with m = 2/(1 - β₂) - 1 and
    r = m - 2k·β₂^k/(1 - β₂^k), where k = t + the first step count for which r > 4

    Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond",
    2019, arXiv:1908.03265; pytorch_warmup's RAdamWarmup.

    Args:
        beta2: Adam's β₂, above 0.6 and below 1.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.schedules.radam_warmup(0.999)([0, 1_000, 100_000]).round(3).tolist()
    [0.017, 0.647, 1.0]
    """

    beta2: float = number(default=0.999, above=0.6, below=1.0)
    steps: Steps = length(default=None, optional=True)
    accompanies = True
    _first: int = derived()
    _gap: float = derived()
    _rate: float = derived()
    _table: tuple[float, ...] = derived()

    def _prepare(self) -> None:
        with localcontext() as context:
            context.prec = 60
            beta2 = Decimal(self.beta2)
            most = 2 / (1 - beta2) - 1
            counts = range(1, 3 * TABLED)
            found = [most - 2 * k * beta2**k / (1 - beta2**k) for k in counts]
            first = next(k for k, each in zip(counts, found) if each > 4)
            scale = most / ((most - 4) * (most - 2))
            values = [
                float(((each - 4) * (each - 2) / each * scale).sqrt())
                for each in found[first - 1 : first - 1 + TABLED]
            ]
            gap = float(most + 2 / beta2.ln())
        object.__setattr__(self, "_first", first)
        object.__setattr__(self, "_gap", gap)
        object.__setattr__(self, "_rate", -log(self.beta2))
        object.__setattr__(self, "_table", tuple(values))

    def _formula(self, t: Any) -> Any:
        tabled = (t < TABLED) & (t == numeric.floor(t))
        return numeric.either(tabled, self._tabled, self._later, t)

    def _tabled(self, t: Any) -> Any:
        if isinstance(t, np.ndarray):
            return np.array(self._table)[t.astype(np.intp)]
        return self._table[int(t)]

    def _later(self, t: Any) -> Any:
        k = t + self._first
        r = numeric.either(k * self._rate < 1.0, self._early, self._late, k)
        over = 2.0 / (1.0 - self.beta2) - 5.0
        share = numeric.greatest(r - 4.0, 0.0) * ((r - 2.0) / r)
        return np.sqrt(share * ((over + 4.0) / (over * (over + 2.0))))

    def _late(self, k: Any) -> Any:
        """Return r at step count k."""
        x = -k * self._rate
        most = 2.0 / (1.0 - self.beta2) - 1.0
        return most - 2.0 * k * np.exp(x) / -np.expm1(x)

    def _early(self, k: Any) -> Any:
        """Return r at step count k, at the beginning without the m that cancels.

        With x = -k·ln β₂, 2k·β₂^k/(1 - β₂^k) is 2k/(eˣ - 1) = (2/-ln β₂)·x/(eˣ - 1),
        and x/(eˣ - 1) is 1 - x/2 + a series of small terms.
        """
        x = k * self._rate
        return k + self._gap - (2.0 / self._rate) * _bernoulli(x * x)


TABLED = 64
"""The first values are computed once with 60 digits: there r - 4 cancels."""

_BERNOULLI = (
    77683 / 14101100039391805440000,
    -174611 / 802857662698291200000,
    43867 / 5109094217170944000,
    -3617 / 10670622842880000,
    1 / 74724249600,
    -691 / 1307674368000,
    1 / 47900160,
    -1 / 1209600,
    1 / 30240,
    -1 / 720,
    1 / 12,
)
"""B₂ₖ / (2k)!, the coefficients of x/(eˣ - 1) - 1 + x/2 in powers of x², last first."""


def _bernoulli(square: Any) -> Any:
    """Return x/(eˣ - 1) - 1 + x/2 for x² <= 1."""
    found = 0.0
    for each in _BERNOULLI:
        found = (found + each) * square
    return found
