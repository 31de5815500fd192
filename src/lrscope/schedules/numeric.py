"""Arithmetic that reads the same for one time and for an array of times.

Sums, products, quotients and square roots of Python floats and of float64 arrays
agree bit for bit. Powers, logarithms and circular functions agree only if the same
library computes both: formulas take them from NumPy, never from ``math``. Of one
number NumPy makes a float64 of its own, with which Python reckons four times as
slowly: it is made a float at once.
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


def either(condition: Any, yes: Any, no: Any, t: Any) -> Any:
    """Return yes(t) where the condition holds and no(t) elsewhere.

    Each is asked for its own times alone.
    """
    if not isinstance(condition, ndarray):
        return yes(t) if condition else no(t)
    found = np.empty_like(t)
    found[condition] = yes(t[condition])
    found[~condition] = no(t[~condition])
    return found


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
    return np.floor(t) if isinstance(t, ndarray) else t // 1.0


def between(start: Any, end: Any, t: Any, of: Any) -> Any:
    """Return the line from ``start`` at 0 to ``end`` at ``of``, both of them exact.

    Counted from the nearer end, so that nothing cancels.
    """
    left = of - t
    if isinstance(t, ndarray):
        far = start + (end - start) * (t / of)
        return np.where(t < left, far, end + (start - end) * (left / of))
    if t < left:
        return start + (end - start) * (t / of)
    return end + (start - end) * (left / of)


def blend(start: Any, end: Any, done: Any, left: Any) -> Any:
    """Return the value between ``start`` and ``end``, where done + left = 1.

    With both shares at hand nothing cancels and both ends are exact.
    """
    return start * left + end * done


def half_cosine(done: Any, of: Any) -> Any:
    """Return (1 + cos(π·done/of)) / 2 for 0 <= done <= of, small values exact too."""
    return half_wave(done, of - done, of)


def half_wave(done: Any, left: Any, of: Any = 1.0) -> Any:
    """Return (1 + cos(π·done/of)) / 2, where done + left = of."""
    late = left < done
    low = _foot(where(late, left, done) / of)
    return where(late, low, 1.0 - low)


def half_waves(done: Any, left: Any, of: Any = 1.0) -> tuple[Any, Any]:
    """Return (1 - cos(π·done/of)) / 2 and what is left of 1."""
    late = left < done
    low = _foot(where(late, left, done) / of)
    high = 1.0 - low
    return where(late, high, low), where(late, low, high)


def _foot(near: Any) -> Any:
    """Return (1 - cos(π·near)) / 2 for 0 <= near <= 1/2.

    Near 0 the difference cancels. As sin²(π/2·near) it does not. Farther off it is
    counted from the middle, where it is 1/2 exactly.
    """
    if isinstance(near, ndarray):
        far = near > 0.25
        sine = np.sin(PI * np.where(far, 0.5 - near, 0.5 * near))
        return np.where(far, 0.5 - 0.5 * sine, sine * sine)
    if near > 0.25:
        return 0.5 - 0.5 * float(np.sin(PI * (0.5 - near)))
    root = float(np.sin(PI * (0.5 * near)))
    return root * root


def power(base: Any, exponent: Any) -> Any:
    """Return base^exponent, where base or exponent may depend on the time.

    NumPy 2 takes a short cut for a lone exponent of -1, 1/2 or 2, which an array of
    them does not get; it may differ in the last bit.
    """
    if isinstance(exponent, ndarray) or isinstance(base, ndarray):
        return np.power(base, exponent)
    if exponent in SHORT_CUTS:
        return float(np.power(base, np.array([exponent]))[0])
    if base > 1.0 < exponent:
        with np.errstate(over="ignore"):
            return float(np.power(base, exponent))
    return float(np.power(base, exponent))


def powered(base: float, t: Any, every: float) -> Any:
    """Return base^(t/every); whole powers apart, or t/every would be rounded."""
    if every == 1:
        return power(base, t)
    whole = floor(t / every)
    return power(base, whole) * power(base, (t - whole * every) / every)


def power_and_rest(share: Any, rest: Any, power: float) -> tuple[Any, Any]:
    """Return share^power and 1 - share^power, where share + rest = 1.

    Each is exact when it is small. A power makes the rounding of a number near 1
    larger, not that of its distance from 1.
    """
    if power == 1:
        return share, rest
    if isinstance(share, ndarray):
        early, low = share < 0.5, np.power(share, power)
        log = power * np.log1p(-np.minimum(rest, 0.5))
        return (
            np.where(early, low, np.exp(log)),
            np.where(early, 1.0 - low, -np.expm1(log)),
        )
    if share < 0.5:
        small = float(np.power(share, power))
        return small, 1.0 - small
    exponent = power * float(np.log1p(-least(rest, 0.5)))
    return float(np.exp(exponent)), -float(np.expm1(exponent))
