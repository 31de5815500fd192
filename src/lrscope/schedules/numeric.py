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


def blend(start: float, end: float, done: Any, left: Any) -> Any:
    """Return the value between ``start`` and ``end``, where done + left = 1.

    With both shares at hand nothing cancels and both ends are exact.
    """
    return start * left + end * done


def half_cosine(done: Any, of: float) -> Any:
    """Return (1 + cos(π·done/of)) / 2 for 0 <= done <= of, small values exact too.

    Near its end 1 + cos cancels. As sin²(π/2 · what is left) it does not, and
    counted from the nearer end the argument never exceeds π/4.
    """
    return half_wave(done, of - done, of)


def half_wave(done: Any, left: Any, of: float = 1.0) -> Any:
    """Return (1 + cos(π·done/of)) / 2, where done + left = of."""
    near = np.sin(HALF_PI * (least(done, left) / of))
    near = near * near
    return where(left < done, near, 1.0 - near)


def powered(base: float, t: Any, every: float) -> Any:
    """Return base^(t/every); whole powers apart, or t/every would be rounded."""
    if every == 1:
        return np.power(base, t)
    whole = floor(t / every)
    return np.power(base, whole) * np.power(base, (t - whole * every) / every)


def power_of_left(done: Any, left: Any, power: float) -> Any:
    """Return left^power, where done + left = 1 and each is exact when it is small.

    A power makes the rounding of a number near 1 larger, not that of its distance
    from 1.
    """
    if power == 1:
        return left
    near = np.exp(power * np.log1p(-least(done, 0.5)))
    return where(left < 0.5, np.power(left, power), near)


def rest_of_power(done: Any, left: Any, power: float) -> Any:
    """Return 1 - done^power, where done + left = 1, small values exact too."""
    if power == 1:
        return left
    near = -np.expm1(power * np.log1p(-least(left, 0.5)))
    return where(done < 0.5, 1.0 - np.power(done, power), near)
