"""Arithmetic that reads the same for one time and for an array of times.

Sums, products and quotients of Python floats and of float64 arrays agree bit for
bit. Roots, powers and circular functions agree only if the same library computes
both: formulas take them from NumPy, never from ``math``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

HALF_PI = np.pi / 2


def where(condition: Any, yes: Any, no: Any) -> Any:
    """Return ``yes`` where the condition holds and ``no`` elsewhere."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, yes, no)
    return yes if condition else no


def least(first: Any, second: Any) -> Any:
    """Return the smaller of the two, element by element."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.minimum(first, second)
    return min(first, second)


def greatest(first: Any, second: Any) -> Any:
    """Return the larger of the two, element by element."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.maximum(first, second)
    return max(first, second)


def floor(t: Any) -> Any:
    """Return the largest whole number that is not above ``t``."""
    return np.floor(t) if isinstance(t, np.ndarray) else float(t // 1.0)


def half_cosine(done: Any, of: float) -> Any:
    """Return (1 + cos(π·done/of)) / 2 for 0 <= done <= of, small values exact too.

    Near its end 1 + cos cancels. As sin²(π/2 · what is left) it does not, and
    counted from the nearer end the argument never exceeds π/4.
    """
    left = of - done
    near = np.sin(HALF_PI * (least(done, left) / of))
    near = near * near
    return where(left < done, near, 1.0 - near)
