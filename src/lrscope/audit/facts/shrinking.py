"""Shrinking: whether it is weight decay that moves the weights of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.moving import Moving

TOWARDS_ZERO = -0.5
"""Cosine of movement and weights below which it is weight decay that moves them."""


def shrinks(moving: Moving, moved: NDArray[np.bool_]) -> bool:
    """Say whether the weights moved towards 0 at some of the measured steps."""
    sums = moving.measured.sums
    lengths = np.sqrt(sums.moved_moved * sums.weight_weight)
    return bool(np.median((sums.moved_weight / lengths)[moved]) < TOWARDS_ZERO)


def shrinks_only(moving: Moving) -> bool:
    """Say whether that is all that happens to them, at other steps as well."""
    measured, squares = moving.measured, moving.measured.sums.weight_weight
    lost = measured.sums.moved_weight / squares
    told = float(((lost[1:] + lost[:-1]) / 2 * np.diff(measured.steps)).sum())
    seen = float(np.log(squares[-1] / squares[0])) / 2
    return abs(seen - told) <= 0.5 * abs(told)
