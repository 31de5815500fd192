"""Steps: which steps are shown, and as how many points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Points: TypeAlias = "tuple[tuple[int, ...], tuple[float, ...]]"
"""Steps in rising order, and as many values."""

POINTS = 240
"""Values of a curve that are kept, smallest and largest of each stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A range of steps, first included and last not; None is open."""

    start: int | None = None
    stop: int | None = None

    def among(self, steps: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say for each step whether it is in the range."""
        chosen = np.ones(steps.size, bool)
        if self.start is not None:
            chosen &= steps >= self.start
        if self.stop is not None:
            chosen &= steps < self.stop
        return chosen

    def away(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how far each step is from the range; 0 within it."""
        away = np.zeros_like(steps)
        if self.start is not None:
            away = np.maximum(away, self.start - steps)
        if self.stop is not None:
            away = np.maximum(away, steps - self.stop + 1)
        return away


def thinned(
    steps: NDArray[np.int64], values: NDArray[np.float64], points: int = POINTS
) -> Points:
    """Return at most ``points`` of a curve, extremes of every stretch included."""
    keep = np.isfinite(values)
    steps, values = steps[keep], values[keep]
    if values.size > points:
        edges = np.linspace(0, values.size, points // 2 + 1).astype(int)
        found = set()
        for start, stop in zip(edges[:-1], edges[1:], strict=True):
            stretch = values[start:stop]
            found |= {start + int(stretch.argmin()), start + int(stretch.argmax())}
        chosen = np.array(sorted(found))
        steps, values = steps[chosen], values[chosen]
    return tuple(steps.tolist()), tuple(values.tolist())
