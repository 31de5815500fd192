"""Measuring: what a recording holds of measured steps, gathered from its rows."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.recording.events import MeasuringBegan
from lrscope.recording.measured import Measured
from lrscope.recording.rowset import at
from lrscope.recording.sums import COUNTS, ERRORS, PRODUCTS, Floats, Sums

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from lrscope.recording.rowset import Rowset
    from lrscope.recording.track import Track

COLUMNS = {
    "measured": (*PRODUCTS.values(), "decay"),
    "measured_counts": COUNTS,
    "measured_errors": ERRORS,
}
"""Columns by what the rows that have them hold."""


def measured_of(
    track: Track, parameters: Collection[str | None], ranks: int | None = None
) -> Measured | None:
    """Return what was measured of a group, or of some of its parameters.

    Args:
        track: of the group.
        parameters: names of parameters that were measured apart; None for a group
            that was measured as one.
        ranks: how many ranks will be added up: then only a share of what several of
            them hold is returned.
    """
    process = track.process
    parts = _parts_of(track, parameters)
    rows = np.unique(np.concatenate([each.rows for each in parts] or [np.zeros(0)]))
    steps = process.step_rows(track.number)
    rows = rows[np.isin(rows, steps[at(process.updated, steps)])].astype(np.int64)
    if not rows.size:
        return None
    updates = np.cumsum(at(process.updated, steps)) - 1
    sums = [each.sums(rows).over(_share(each.copies, ranks)) for each in parts]
    drawn = [
        (each, _share(each["copies"], ranks)) for each in _drawn(track, parameters)
    ]
    return Measured(
        optimizer=track.optimizer,
        group=track.group,
        parameter=next(iter(parameters)) if len(parameters) == 1 else None,
        steps=updates[np.searchsorted(steps, rows)],
        sums=reduce(add, sums),
        elements=sum(each["elements"] / share for each, share in drawn),
        looked_at=sum(each["measured"] / share for each, share in drawn),
    )


def _share(copies: int | None, ranks: int | None) -> float:
    """Return by what to divide the sums of one rank before ranks are added up."""
    return 1.0 if ranks is None else float(copies or ranks)


def parameters_of(track: Track) -> dict[str | None, None]:
    """Return the names under which a group's parameters were measured, in order."""
    own = (track.number, track.group.index)
    return dict.fromkeys(
        layout["parameter"]
        for layout in track.process.layouts.values()
        if layout.get("holds") == "measured"
        and (layout["optimizer"], layout["group"]) == own
    )


def _drawn(track: Track, parameters: Collection[str | None]) -> list[dict[str, Any]]:
    """Return how the parts of a group were last drawn, as plain data."""
    began = [
        each
        for each in track.process.history.of(MeasuringBegan)
        if each.optimizer == track.number
    ]
    return [
        each
        for each in (began[-1].parts if began else ())
        if each["group"] == track.group.index and each["parameter"] in parameters
    ]


class _Part:
    """The rows of one part.

    Attributes:
        copies: how many ranks hold the same elements; None if that is not known.
        rows: of the steps that were measured.
    """

    def __init__(self, rowset: Rowset, layouts: dict[str, tuple[int, Any]]) -> None:
        self._rowset = rowset
        self._layouts = layouts
        self.copies: int | None = layouts["measured"][1]["copies"]
        self.rows = self._column("measured", "row")

    def _column(self, holds: str, name: str) -> Floats:
        if holds not in self._layouts:
            return np.zeros(0)
        number, layout = self._layouts[holds]
        return self._rowset.column({number: layout["columns"].index(name)})[1]

    def sums(self, rows: NDArray[np.int64]) -> Sums:
        """Return the sums of some steps; 0 for those that are not there."""
        columns = {}
        for holds, names in COLUMNS.items():
            own = self._column(holds, "row")
            kept = np.isin(own, rows)
            places = np.searchsorted(rows, own[kept])
            for name in names:
                columns[name] = np.zeros(rows.size)
                columns[name][places] = self._column(holds, name)[kept]
        return Sums.of_columns(columns)


def _parts_of(track: Track, parameters: Collection[str | None]) -> list[_Part]:
    found: dict[int, dict[str, tuple[int, Any]]] = {}
    for number, layout in track.process.layouts.items():
        if (
            layout.get("holds") in COLUMNS
            and (layout["optimizer"], layout["group"])
            == (track.number, track.group.index)
            and layout["parameter"] in parameters
        ):
            found.setdefault(layout["part"], {})[layout["holds"]] = (number, layout)
    return [
        _Part(track.process.rows, each) for each in found.values() if "measured" in each
    ]
