"""Attempts: every call of ``step()``, whether or not it updated anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What every call of ``step()`` found, whether or not it updated anything.

    Attributes:
        steps: index of the call, counted per optimizer from 0 (int64).
        lr: the rate that the call would have applied or did apply (float64).
        updated: whether parameters really changed (bool).
        times: when the call returned, seconds since 1970 (float64, within 10 ms).
    """

    steps: NDArray[np.int64]
    lr: NDArray[np.float64]
    updated: NDArray[np.bool_]
    times: NDArray[np.float64]

    def __len__(self) -> int:
        """Return how many calls there were."""
        return int(self.steps.size)
