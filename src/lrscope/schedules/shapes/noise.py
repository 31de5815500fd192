"""Noise that every step can be asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, choice, integer, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
FURTHEST = 3.0
"""Normal noise is cut at so many standard deviations."""


@value
class noise(Shape):
    """Random values around 1, for use as a factor: ``schedule * noise(0.05)``.

    f(t) = 1 + amount·z(seed, t)

    z is uniform between -1 and 1, or normal with standard deviation 1 and cut at ±3.
    It is computed from the seed and the step alone, so that any step can be asked for
    in any order. Source of the hash: Steele, Lea and Flood, "Fast Splittable
    Pseudorandom Number Generators", 2014 (SplitMix64).

    Args:
        amount: Size of the noise, from 0 to 1; to 1/3 if normal.
        seed: Whole number from 0; another seed gives other noise.
        distribution: "uniform" or "normal".
        steps: Length; without end if None.

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
    turns = True

    def _prepare(self) -> None:
        if self.distribution == "normal" and self.amount * FURTHEST > 1:
            msg = (
                "noise needs amount <= 1/3 if it is normal, or a rate could be "
                f"negative, got {self.amount!r}"
            )
            raise ScheduleError(msg)

    def _formula(self, t: Any) -> Any:
        step = numeric.floor(t)
        if self.distribution == "uniform":
            return 1.0 + self.amount * (2.0 * self._random(step, 0) - 1.0)
        near, turn = self._random(step, 1), self._random(step, 2)
        size = np.sqrt(-2.0 * np.log1p(-near)) * np.sin(2.0 * np.pi * turn)
        size = numeric.greatest(numeric.least(size, FURTHEST), -FURTHEST)
        return 1.0 + self.amount * size

    def _random(self, step: Any, stream: int) -> Any:
        """Return a number from 0 to below 1 that depends on seed, step and stream."""
        key = _mixed((_mixed(self.seed & _WORD) ^ (self.seed >> 64) ^ stream) & _WORD)
        if isinstance(step, np.ndarray):
            word = step.astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(key)
            return (_mixed_all(word) >> np.uint64(11)) * 2.0**-53
        return (_mixed((int(step) * _GOLDEN + key) & _WORD) >> 11) * 2.0**-53


def _mixed(word: int) -> int:
    word = ((word ^ (word >> 30)) * _FIRST) & _WORD
    word = ((word ^ (word >> 27)) * _SECOND) & _WORD
    return word ^ (word >> 31)


def _mixed_all(word: Any) -> Any:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(_FIRST)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(_SECOND)
    return word ^ (word >> np.uint64(31))
