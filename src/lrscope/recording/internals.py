"""Internals: numbers by which an optimizer changed its rate inside measured steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.rowset import at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.track import Track


def internals_of(
    track: Track,
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return the internal rates of a group by name: steps, and a value for each."""
    process = track.process
    updated = process.step_rows(track.number)
    updated = updated[at(process.updated, updated)]
    layouts: dict[str, list[int]] = {}
    for number, layout in process.layouts.items():
        if layout.get("holds") != "internal":
            continue
        if (layout["optimizer"], layout["group"]) == (track.number, track.group.index):
            layouts.setdefault(layout["name"], []).append(number)
    found = {}
    for name, numbers in layouts.items():
        rows, values = (
            process.rows.column(dict.fromkeys(numbers, column))[1] for column in (0, 1)
        )
        kept = np.isin(rows, updated)
        if kept.any():
            found[name] = np.searchsorted(updated, rows[kept]), values[kept]
    return found
