"""Chebyshev nodes, in order and in fractal order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time


@value
class chebyshev(Shape):
    """The Chebyshev nodes, from the highest to the lowest.

    f(t) = floor + (1 - floor)·(1 + cos(π·(2t + 1)/(2·steps)))/2

    pytorch_scheduler's ChebyshevScheduler; ``fractal_chebyshev`` has the order and
    the values of the paper.

    Args:
        steps: Number of nodes; the last one is the value of step ``steps - 1``.
        floor: Value that the end comes near to, from 0 to 1.

    >>> import lrscope
    >>> lrscope.schedules.chebyshev(3)([0, 1, 2]).round(4).tolist()
    [0.933, 0.5, 0.067]
    """

    steps: Steps = length()
    floor: float = number(default=0.0, low=0.0, high=1.0, hint="it is a factor")

    @property
    def settles(self) -> int:
        """The step before the length."""
        return (self.length or 0) - 1

    def _formula(self, t: Any) -> Any:
        last = self.steps - 1.0
        done = 2.0 * numeric.least(t, last) + 1.0
        wave = numeric.half_cosine(done, 2.0 * self.steps)
        return self.floor + (1.0 - self.floor) * wave


@value
class fractal_chebyshev(Shape):
    """One over the Chebyshev nodes, large and small ones mixed so that they balance.

    f(t) = 1/(c - r·cos(π·(order(t) + 1/2)/n)) with c = (1 + low)/2, r = (1 - low)/2,
    n the power of two not below ``steps``, and order(2i) = order'(i), order(2i + 1) =
    n - 1 - order'(i), where order' is that of n/2

    Values go up to about 1/low. Source: Agarwal, Goel and Zhang, "Acceleration via
    Fractal Learning Rate Schedules", 2021, arXiv:2103.01338; pytorch_optimizer's
    get_chebyshev_schedule.

    Args:
        steps: Length; the last value is that of step ``steps - 1``.
        low: Lower end of the spectrum, above 0 and below 1.

    >>> import lrscope
    >>> lrscope.schedules.fractal_chebyshev(4)([0, 1, 2, 3]).round(2).tolist()
    [11.61, 1.04, 2.91, 1.41]
    """

    steps: Steps = length()
    low: float = number(default=0.05, above=0.0, below=1.0)

    @property
    def settles(self) -> int:
        """The step before the length."""
        return (self.length or 0) - 1

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return None

    def _formula(self, t: Any) -> Any:
        levels = (self.steps - 1).bit_length()
        step = numeric.floor(numeric.least(t, self.steps - 1.0))
        of, order = 2.0**levels, _order(step, levels)
        rise = numeric.half_cosine(of - order - 0.5, of)
        return 1.0 / (self.low + (1.0 - self.low) * rise)


_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Every byte with its bits turned round."""


def _order(step: Any, levels: int) -> Any:
    """Return order(step) in 2^levels nodes.

    Its bit j is bit 0 xor bit 1 xor … of the step, up to bit levels - 1 - j.
    """
    if isinstance(step, np.ndarray):
        word = step.astype(np.uint64)
        for shift in _SHIFTS:
            word ^= word << np.uint64(shift)
        turned = word.astype("<u8").tobytes().translate(_TURNED)
        word = np.frombuffer(turned, ">u8") >> np.uint64(63 - levels)
        return (word >> np.uint64(1)).astype(float)
    found = int(step)
    for shift in _SHIFTS:
        found ^= found << shift
    turned = (found & _WORD).to_bytes(8, "little").translate(_TURNED)
    return float(int.from_bytes(turned, "big") >> (64 - levels))


_SHIFTS = (1, 2, 4, 8, 16, 32)
_WORD = (1 << 64) - 1
