"""Plan: what the rates were meant to be, where that can be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Plan(Protocol):
    """A rate for every update of a group, known without training."""

    def rates(self, steps: NDArray[np.int64], group: int) -> NDArray[np.float64]:
        """Return the planned rate of a group at each of some updates."""
