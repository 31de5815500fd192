"""Nearness: whether rates are the same, but for rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SAME = 0.02
"""Rates that differ by less, relative to the larger, are the same."""

LEAST = 1e-3
"""And those that differ by less than this share of the highest rate."""


TWO = 0.05
"""Single rates that differ by more, relative to the larger, are two."""


def are_two(one: float, other: float) -> bool:
    """Say whether a rate is another one than a second, beyond any rounding."""
    return abs(one - other) > TWO * max(abs(one), abs(other))


def differ(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say for each two rates whether they are not the same."""
    size = np.maximum(np.abs(ours), np.abs(theirs))
    least = LEAST * float(np.max(size, initial=0.0, where=np.isfinite(size)))
    same: NDArray[np.bool_] = np.abs(ours - theirs) <= np.maximum(SAME * size, least)
    return ~same


def are_near(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Say whether two lists of rates are the same."""
    if len(ours) != len(theirs):
        return False
    return not differ(np.array(ours, float), np.array(theirs, float)).any()
