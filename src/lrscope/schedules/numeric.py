"""Arithmetic that reads the same for one time and for an array of times.

Sums, products and quotients of Python floats and of float64 arrays agree bit for
bit. Roots, powers and circular functions agree only if the same library computes
both: formulas take them from NumPy, never from ``math``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

PI = np.pi
SHORT_CUTS = (-1.0, 0.5, 2.0)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """Return ``yes`` where the condition holds and ``no`` elsewhere."""
    if isinstance(condition, ndarray):
        return np.where(condition, yes, no)
    return yes if condition else no


def least(first: Any, second: Any) -> Any:
    """Return the smaller of the two, element by element."""
    if isinstance(first, ndarray) or isinstance(second, ndarray):
        return np.minimum(first, second)
    return first if first < second else second  # noqa: FURB136 - min() is slower


def greatest(first: Any, second: Any) -> Any:
    """Return the larger of the two, element by element."""
    if isinstance(first, ndarray) or isinstance(second, ndarray):
        return np.maximum(first, second)
    return first if first > second else second  # noqa: FURB136 - see least


def floor(t: Any) -> Any:
    """Return the largest whole number that is not above ``t``."""
    return np.floor(t) if isinstance(t, np.ndarray) else float(t // 1.0)


def between(start: float, end: float, t: Any, of: float) -> Any:
    """Return the line from ``start`` at 0 to ``end`` at ``of``, both of them exact.

    Counted from the nearer end, so that nothing cancels.
    """
    left = of - t
    near = end + (start - end) * (left / of)
    return where(t < left, start + (end - start) * (t / of), near)


def blend(start: float, end: float, done: Any, left: Any) -> Any:
    """Return the value between ``start`` and ``end``, where done + left = 1.

    With both shares at hand nothing cancels and both ends are exact.
    """
    return start * left + end * done


def half_cosine(done: Any, of: float) -> Any:
    """Return (1 + cos(π·done/of)) / 2 for 0 <= done <= of, small values exact too.

    Near its end 1 + cos cancels. As sin²(π/2 · what is left) it does not. In the
    middle it is counted from there, where it is 1/2 exactly.
    """
    return half_wave(done, of - done, of)


def half_wave(done: Any, left: Any, of: float = 1.0) -> Any:
    """Return (1 + cos(π·done/of)) / 2, where done + left = of."""
    late = left < done
    near = where(late, left, done) / of
    middle = near > 0.25
    sine = np.sin(PI * where(middle, 0.5 - near, 0.5 * near))
    low = where(middle, 0.5 - 0.5 * sine, sine * sine)
    return where(late, low, 1.0 - low)


def power(base: float, exponent: Any) -> Any:
    """Return base^exponent, where the exponent depends on the time.

    NumPy 2 takes a short cut for a lone exponent of -1, 1/2 or 2, which an array of
    them does not get; it may differ in the last bit.
    """
    if not isinstance(exponent, np.ndarray) and exponent in SHORT_CUTS:
        return float(np.power(base, np.array([exponent]))[0])
    return np.power(base, exponent)


def powered(base: float, t: Any, every: float) -> Any:
    """Return base^(t/every); whole powers apart, or t/every would be rounded."""
    if every == 1:
        return power(base, t)
    whole = floor(t / every)
    return power(base, whole) * power(base, (t - whole * every) / every)


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
