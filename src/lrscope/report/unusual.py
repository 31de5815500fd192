"""Unusual: why there was no effective rate at a step, or hardly a movement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.measuring import dtypes_of

if TYPE_CHECKING:
    from lrscope.recording.measured import Measured
    from lrscope.recording.track import Track

MOST_LOST = 0.5
"""Share of the elements with a gradient below which those that moved are few."""


def without_rate(measured: Measured, at: int) -> str:
    """Return why there was no effective rate at a step, in words; "" if there was.

    Args:
        measured: what was measured of a group.
        at: place of the step in it.
    """
    if not measured.elements:
        return "it has no elements here"
    if not measured.gradient_norm[at]:
        return _without_gradient(measured)
    if not math.isfinite(measured.gradient_norm[at]):
        return "its gradient was not finite"
    return "" if measured.moved[at] else "no weight moved"


def _without_gradient(measured: Measured) -> str:
    if measured.looked_at < measured.elements:
        return "no gradient in the sample that is measured"
    squares = measured.sums.weight_weight
    if np.ptp(squares) > 1e-12 * np.max(squares):
        return "no gradient at this step"
    return "no gradient"


def rounded_away(track: Track, measured: Measured, at: int) -> str:
    """Say that most updates were too small for the weights; "" if they were not.

    Args:
        track: of the group.
        measured: what was measured of it.
        at: place of the step in it.
    """
    sums = measured.sums
    if sums.elements_moved[at] >= MOST_LOST * sums.gradient_not_zero[at]:
        return ""
    types = " and ".join(dtypes_of(track))
    inside = f" in {types}" if types else ""
    return f"most updates are too small for the weights, and lost to rounding{inside}"
