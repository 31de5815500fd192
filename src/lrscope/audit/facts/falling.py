"""Falling: how a rate comes below 0, or to almost nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY = 200_000
"""Rates that are enough to see the shape of a fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """How a rate fell after its peak.

    Attributes:
        peak_at: the update of the peak.
        tenth_at: updates after it when the rate was a tenth; None if never for good.
        median: the middle one of the rates from the peak on, as a share of the peak.
        last: the last rate as a share of the peak.
        collapsed: share of the updates from the peak on below a thousandth of it.
        gradual: whether several steps brought it down, not one.
    """

    peak_at: int
    tenth_at: int | None
    median: float
    last: float
    collapsed: float
    gradual: bool


def fall_of(applied: NDArray[np.float64]) -> Fall | None:
    """Return how a rate fell; None if it is not finite and above 0 throughout."""
    if not applied.size or not np.isfinite(applied).all() or (applied < 0).any():
        return None
    peak_at = int(applied.argmax())
    after = applied[peak_at:]
    peak = after[0]
    if not peak:
        return None
    high = after > 0.1 * peak
    tenth = after.size - int(high[::-1].argmax())
    share = after[:: 1 + after.size // MANY] / peak  # a long fall seen coarsely
    half = share[: share.size // 2 + 1]
    return Fall(
        peak_at=peak_at,
        tenth_at=tenth if tenth < after.size else None,
        median=float(np.median(share)),
        last=float(after[-1] / peak),
        collapsed=float((share < 1e-3).mean()),
        gradual=_is_gradual(half),
    )


def _is_gradual(share: NDArray[np.float64]) -> bool:
    """Say whether no single change made up most of a fall, in orders of magnitude."""
    steps = -np.diff(np.log(np.maximum(share, 1e-300)))
    down, up = steps[steps > 0], -steps[steps < 0].sum()
    if down.size < 3 or up > 0.05 * down.sum():
        return False
    return bool(down.max() < 0.6 * down.sum())


def crossing(applied: NDArray[np.float64]) -> int | None:
    """Return where a rate went on falling through 0; None if it did not.

    A rate that was negative from the start, or jumped there, did not.
    """
    below = np.flatnonzero(applied < 0)
    if not below.size or below[0] == 0:
        return None
    first = int(below[0])
    before = applied[:first]
    peak = np.fmax.reduce(before)  # unlike nanmax, silent where all are NaN
    changes = before[np.flatnonzero(np.diff(before)) + 1]
    if not peak > 0 or changes.size < 2:
        return None
    step = before[-1] - applied[first]
    return first if step <= 0.5 * peak else None
