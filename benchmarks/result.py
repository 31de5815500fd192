"""Result: one figure, what it must be and what it is."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the table.

    Attributes:
        what: was measured.
        must: the promise, in words; empty for a number beside the promised ones.
        measured: what came out, with its spread.
        met: whether it is kept; None if nothing was promised or measured.
    """

    what: str
    must: str = ""
    measured: str
    met: bool | None = None


def spread(values: Sequence[float], places: int = 1, unit: str = "") -> str:
    """Return the median and the middle half of ``values`` in words."""
    middle = statistics.median(values)
    if len(values) < 4:
        low, high = min(values), max(values)
    else:
        low, _, high = statistics.quantiles(values, n=4)
    text = f"{middle:.{places}f} ({low:.{places}f} … {high:.{places}f})"
    return f"{text} {unit}".strip()
