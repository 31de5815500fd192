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

    A step counts if every part of it is there: the last one may be torn, and sums of
    a device may still be on their way.

    Args:
        track: of the group.
        parameters: names of parameters that were measured apart; None for a group
            that was measured as one.
        ranks: how many ranks will be added up: then only a share of what several of
            them hold is returned.
    """
    process = track.process
    steps = process.step_rows(track.number)
    updated = at(process.updated, steps)
    drawn = _drawn(track, parameters, steps[updated])
    if not drawn:
        return None
    rows = np.concatenate([rows for rows, _ in drawn])
    last = [(each, each.share(ranks)) for each in drawn[-1][1]]
    return Measured(
        optimizer=track.optimizer,
        group=track.group,
        parameter=next(iter(parameters)) if len(parameters) == 1 else None,
        steps=(np.cumsum(updated) - 1)[np.searchsorted(steps, rows)],
        sums=Sums.joined(
            reduce(add, (each.sums(rows).over(each.share(ranks)) for each in parts))
            for rows, parts in drawn
        ),
        elements=sum(each.elements / share for each, share in last),
        looked_at=sum(each.measured / share for each, share in last),
        frozen=np.concatenate(
            [np.full(rows.size, _frozen(parts, ranks)) for rows, parts in drawn]
        ),
    )


def _frozen(parts: list[_Part], ranks: int | None) -> float:
    return sum(each.elements / each.share(ranks) for each in parts if each.frozen)


def parameters_of(track: Track) -> dict[str | None, None]:
    """Return the names under which a group's parameters are measured, in order."""
    return dict.fromkeys(part["parameter"] for part in _parts_of(track))


def is_sharded(track: Track) -> bool:
    """Say whether each rank holds a part of a group's parameters alone."""
    return any(part["copies"] is not None for part in _parts_of(track))


def dtypes_of(track: Track) -> tuple[str, ...]:
    """Return the types of a group's weights, such as "bfloat16", where recorded."""
    found = (each for part in _parts_of(track) for each in part.get("dtypes", ()))
    return tuple(sorted(set(found)))


def _drawings(track: Track) -> list[MeasuringBegan]:
    return list(track.process.history.of_one(MeasuringBegan, track.number))


def _parts_of(track: Track) -> list[dict[str, Any]]:
    return [
        part
        for began in _drawings(track)
        for part in began.parts
        if part["group"] == track.group.index
    ]


def _drawn(
    track: Track, parameters: Collection[str | None], steps: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], list[_Part]]]:
    """Return which steps were measured, by what was drawn of the parameters before.

    Args:
        track: of the group.
        parameters: names of those that are wanted.
        steps: rows of those that updated parameters.
    """
    process = track.process
    layouts: dict[int, dict[str, tuple[int, Any]]] = {}
    for number, layout in process.layouts_of.get(track.number, {}).items():
        if layout.get("holds") in COLUMNS:
            of_part = layouts.setdefault(layout["part"], {})
            of_part[layout["holds"]] = (number, layout)
    began = _drawings(track)
    ends = [*(each.row for each in began), process.rows.count][1:]
    found = []
    for each, end in zip(began, ends, strict=True):
        parts = [
            _Part(process.rows, layouts.get(part["part"], {}), part)
            for part in each.parts
            if part["group"] == track.group.index and part["parameter"] in parameters
        ]
        rows = steps[(steps >= each.row) & (steps < end)]
        for part in parts:
            rows = part.complete(rows)
        if parts and rows.size:
            found.append((rows, parts))
    return found


class _Part:
    """The rows of one part.

    Attributes:
        elements: in its parameters.
        measured: of these, how many were measured.
        frozen: whether its parameters ask for no gradient.
    """

    def __init__(
        self,
        rowset: Rowset,
        layouts: dict[str, tuple[int, Any]],
        described: dict[str, Any],
    ) -> None:
        self._rowset = rowset
        self._layouts = layouts
        self._copies: int | None = described["copies"]
        self.elements = int(described["elements"])
        self.measured = int(described["measured"])
        self.frozen = bool(described.get("frozen"))

    def share(self, ranks: int | None) -> float:
        """Return by what to divide what one rank has before ranks are added up."""
        return 1.0 if ranks is None else float(self._copies or ranks)

    def complete(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some steps of which nothing is missing."""
        for holds in COLUMNS:
            if holds != "measured_errors" or self.measured < self.elements:
                rows = rows[np.isin(rows, self._column(holds, "row"))]
        return rows

    def _column(self, holds: str, name: str) -> Floats:
        if holds not in self._layouts:
            return np.zeros(0)
        number, layout = self._layouts[holds]
        return self._rowset.column({number: layout["columns"].index(name)})[1]

    def sums(self, rows: NDArray[np.int64]) -> Sums:
        """Return the sums of some steps; those that were not recorded are 0."""
        columns = {}
        for holds, names in COLUMNS.items():
            own = self._column(holds, "row")
            order = np.searchsorted(own, rows) if own.size else None
            for name in names:
                values = self._column(holds, name)
                columns[name] = np.zeros(rows.size) if order is None else values[order]
        return Sums.of_columns(columns)
