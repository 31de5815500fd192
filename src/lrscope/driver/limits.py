"""Limits: which numbers an optimizer can use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.schedules.schedule import Schedule

FIRST = 1 << 14
"""Steps that are looked at before a run; later ones are looked at as they come."""


@dataclass(frozen=True)
class Limits:
    """What a number may be: ``low <= number < below``, and finite."""

    low: float = -math.inf
    below: float = math.inf

    @classmethod
    def of(cls, key: str) -> Limits:
        """Return the limits of a key of a group, as the optimizers of torch have them.

        >>> from lrscope.driver.limits import Limits
        >>> print(Limits.of("betas"))
        needs to be >= 0 and < 1
        """
        return _LIMITS.get(key, _ANY)

    def hold(self, values: Any) -> NDArray[np.bool_]:
        """Tell for each value whether it is within."""
        found = np.isfinite(values) & (values >= self.low) & (values < self.below)
        return np.asarray(found)

    def __str__(self) -> str:
        """Say what a number needs to be."""
        low = "" if self.low == -math.inf else f" >= {self.low:g}"
        below = "" if self.below == math.inf else f" < {self.below:g}"
        return "needs to be" + (" and".join(filter(None, (low, below))) or " finite")


_ANY = Limits()
_LIMITS = {
    "betas": Limits(low=0.0, below=1.0),
    "lr": Limits(low=0.0),
    "momentum": Limits(low=0.0),
    "weight_decay": Limits(low=0.0),
}
