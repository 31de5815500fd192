"""Noise that every step can be asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, derived, integer, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape

_WORD, _HALF = (1 << 64) - 1, (1 << 32) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
FURTHEST = 3.0
"""Normal noise is cut at so many standard deviations."""


@value
class noise(Shape):
    """Random values around 1, for use as a factor: ``schedule * noise(0.05)``.

    f(t) = 1 + amount·z(seed, t)

    z is uniform between -1 and 1, or normal with standard deviation 1 and cut at ±3
    (by Box and Muller, from the two halves of one hash). It is computed from the seed
    and the step alone, so that any step can be asked for in any order. Source of the
    hash: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014
    (SplitMix64).

    Args:
        amount: Size of the noise, from 0 to 1; to 1/3 if normal.
        seed: Whole number from 0; another seed gives other noise.
        distribution: "uniform" or "normal".
        steps: Length; without end if None, and then as long as what it goes with.

    Raises:
        ScheduleError: If normal noise could make a rate negative.

    >>> import lrscope
    >>> rough = lrscope.cosine(100) * lrscope.schedules.noise(0.1, seed=7)
    >>> 0.9 <= rough(0) <= 1.1, rough([0]).tolist() == [rough(0)]
    (True, True)
    """

    amount: float = number(low=0.0, high=1.0)
    seed: int = integer(default=0)
    distribution: str = choice(of=("uniform", "normal"), default="uniform")
    steps: Steps = length(default=None, optional=True)
    accompanies = True
    _key: int = derived()
    turns = True

    def _prepare(self) -> None:
        if self.distribution == "normal" and self.amount * FURTHEST > 1:
            msg = (
                "noise needs amount <= 1/3 if it is normal, or a rate could be "
                f"negative, got {self.amount!r}"
            )
            raise ScheduleError(msg)
        key = _mixed((_mixed(self.seed & _WORD) ^ (self.seed >> 64)) & _WORD)
        object.__setattr__(self, "_key", key)

    def _formula(self, t: Any) -> Any:
        step = numeric.floor(t)
        whole: Any = step.astype(np.uint64) if isinstance(t, np.ndarray) else int(step)
        word = _mixed((whole * _GOLDEN + self._key) & _WORD)
        if self.distribution == "uniform":
            return 1.0 + self.amount * (2.0 * ((word >> 11) * 2.0**-53) - 1.0)
        far = np.sqrt(-2.0 * np.log1p((word >> 32) * -(2.0**-32)))
        size = far * np.sin((word & _HALF) * (2.0**-31 * np.pi))
        size = numeric.greatest(numeric.least(size, FURTHEST), -FURTHEST)
        return 1.0 + self.amount * size


def _mixed(word: Any) -> Any:
    """Return 64 bits that each depend on all of the word; of an array, too."""
    word = ((word ^ (word >> 30)) * _FIRST) & _WORD
    word = ((word ^ (word >> 27)) * _SECOND) & _WORD
    return word ^ (word >> 31)
