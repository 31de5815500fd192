"""Late: what arrived from a device after its row was written."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Read = Callable[[int, int], "Floats"]

OVERFLOW = "overflow"
"""The column that tells whether a step was skipped: not 0 if it was."""


class Late:
    """Values that belong in rows that hold NaN, and whether steps updated.

    Args:
        layouts: all of a recording.
        read: returns the values of a layout's column, as they were written.
    """

    def __init__(self, layouts: dict[int, dict[str, Any]], read: Read) -> None:
        """Gather what arrived."""
        found: dict[int | str, list[tuple[Floats, Floats]]] = defaultdict(list)
        for number, layout in layouts.items():
            if layout.get("holds") != "arrived":
                continue
            rows = read(number, 0)
            if not rows.size:
                continue
            for place, column in enumerate(layout["columns"][1:], start=1):
                found[column].append((rows, read(number, place)))
        self._columns = {column: _by_row(parts) for column, parts in found.items()}

    def correct(self, updated: NDArray[np.bool_]) -> None:
        """Write whether steps updated over what was thought when they were taken."""
        rows, overflowed = self._columns.get(OVERFLOW, (np.zeros(0, np.int64),) * 2)
        known = rows < updated.size
        updated[rows[known]] = overflowed[known] == 0

    def completed(
        self, values: Floats, column: int, rows: Callable[[], NDArray[np.int64]]
    ) -> Floats:
        """Return the values of a column with those that came late in their places.

        Args:
            values: what the rows hold.
            column: its index in these rows.
            rows: returns their numbers; not called if nothing came late.
        """
        late_rows, late = self._columns.get(column, (np.zeros(0, np.int64),) * 2)
        if not late_rows.size:
            return values
        numbers = rows()
        found = np.searchsorted(late_rows, numbers)
        found[found == late_rows.size] = 0
        came = np.isnan(values) & (late_rows[found] == numbers)
        return np.where(came, late[found], values)


def _by_row(
    parts: list[tuple[Floats, Floats]],
) -> tuple[NDArray[np.int64], Floats]:
    rows = np.concatenate([rows for rows, _ in parts])
    values = np.concatenate([values for _, values in parts])
    sane = (rows >= 0) & (rows < 2**53) & (rows == np.floor(rows))  # if undamaged
    order = np.argsort(rows[sane], kind="stable")
    return rows[sane][order].astype(np.int64), values[sane][order]
