"""Clock: when each row was written, kept as a line with few corners.

Wall-clock times of a million steps are noise below the millisecond and would
take more room than the rates. A sealed chunk keeps the corners of a line that
passes within `TOLERANCE` of every time; training that runs evenly needs few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 0.01
"""Seconds by which a time read back may differ from the time that was written."""


def corners(times: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return indices, ends included, between which ``times`` runs straight."""
    kept = {0, times.size - 1}
    places = np.arange(times.size, dtype=np.float64)
    spans = [(0, times.size - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        rise = (times[last] - times[first]) / (last - first)
        line = times[first] + rise * places[: last - first + 1]
        apart = np.abs(times[first : last + 1] - line)
        worst = int(apart.argmax())
        if apart[worst] <= TOLERANCE:
            continue
        kept.add(first + worst)
        spans += [(first, first + worst), (first + worst, last)]
    return np.array(sorted(kept), np.intp)


def between(
    where: NDArray[np.int64], times: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Return ``count`` times on the line with corners ``(where, times)``."""
    return np.interp(np.arange(count), where, times)
