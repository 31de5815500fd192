"""Chunk: consecutive rows, sealed by column with their smallest and largest values.

The payload is a compressed JSON table of contents, then the coded columns. A
column that repeats an earlier one of its layout is stored once.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import DamagedRecording
from lrscope.recording import clock, codec, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrscope.recording.slots import Table

_START = struct.Struct("<I")


def seal(table: Table, first: int, widths: Mapping[int, int]) -> bytes:
    """Return the rows in ``table`` as the payload of a chunk.

    Args:
        table: intact rows, at least one.
        first: sequence number of the first of them.
        widths: how many values a row of each layout has.
    """
    chunk = _Writer()
    corners = clock.corners(table.time)
    times = chunk.floats(table.time[corners])
    where = chunk.integers(corners.astype(np.int64))
    contents: dict[str, Any] = {
        "first": first,
        "rows": table.size,
        "times": [int(corners.size), where, times],
        "order": chunk.integers(table.layout),
        "layouts": {},
    }
    # np.unique would load numpy.ma, 10 ms of the training's
    for layout in np.flatnonzero(np.bincount(table.layout)).tolist():
        mine = table.layout == layout
        own = table if mine.all() else table.pick(mine)
        columns = []
        limits = []
        for index in range(widths.get(layout, 0)):
            values = own.values[:, index]
            columns.append(chunk.floats(values))
            limits.append(_limits(values))
        contents["layouts"][layout] = {
            "rows": own.size,
            "signature": chunk.integers(own.signature),
            "flags": chunk.integers(own.flags),
            "columns": columns,
            "limits": limits,
            "updates": _updates(mine, own) if columns else None,
        }
    contents["sizes"] = [len(part) for part in chunk.parts]
    head = codec.compress(json.dumps(contents, separators=(",", ":")).encode())
    return _START.pack(len(head)) + head + b"".join(chunk.parts)


def _limits(values: NDArray[np.float64]) -> list[float] | None:
    finite = values[np.isfinite(values)]
    return [float(finite.min()), float(finite.max())] if finite.size else None


def _updates(mine: NDArray[np.bool_], own: Table) -> list[float] | None:
    """Return how many rows updated, which ones first and last, and their first values.

    None if that can only be told from all rows: no row did, or something came late.
    """
    flags = own.flags.astype(np.uint8)  # a training's memory is not ours
    updated = flags & rows.UPDATED
    count = int(np.count_nonzero(updated))
    if not count or (flags & (rows.LATE | rows.UNDECIDED)).any():
        return None
    ends = np.array([updated.argmax(), own.size - 1 - updated[::-1].argmax()])
    values = own.values[ends, 0]
    if not np.isfinite(values).all():
        return None
    places = ends if own.size == mine.size else np.flatnonzero(mine)[ends]
    return [count, *places.tolist(), *values.tolist()]


class _Writer:
    """Collects coded columns, each different one once."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._known: dict[bytes, int] = {}

    def integers(self, column: NDArray[np.int64]) -> int:
        """Add a column and return its number."""
        raw = column.tobytes()
        number = self._known.get(raw)
        if number is None:
            number = self._known[raw] = len(self.parts)
            self.parts.append(codec.encode(column))
        return number

    def floats(self, column: NDArray[np.float64]) -> int:
        """Add a column of float64 by its bit patterns and return its number."""
        return self.integers(np.ascontiguousarray(column).view(np.int64))


class Chunk:
    """A sealed chunk; columns are decoded when they are asked for.

    Attributes:
        first: sequence number of its first row.
        rows: how many rows it holds.
        layouts: layout numbers to how many rows each has.
    """

    def __init__(self, payload: bytes) -> None:
        """Read the table of contents.

        Raises:
            DamagedRecording: this is not a chunk.
        """
        try:
            (length,) = _START.unpack_from(payload)
            start = _START.size + length
            contents = json.loads(zlib.decompress(payload[_START.size : start]))
            self.first: int = contents["first"]
            self.rows: int = contents["rows"]
            self._layouts = {int(k): v for k, v in contents["layouts"].items()}
            self.layouts = {k: v["rows"] for k, v in self._layouts.items()}
            ends = np.cumsum([start, *contents["sizes"]]).tolist()
        except (ValueError, KeyError, TypeError, struct.error, zlib.error) as error:
            msg = "the table of contents of a chunk cannot be read"
            raise DamagedRecording(msg) from error
        self._contents = contents
        self._payload = payload
        self._ends = ends

    def _integers(self, number: int, count: int) -> NDArray[np.int64]:
        coded = self._payload[self._ends[number] : self._ends[number + 1]]
        return codec.decode(coded, count)

    def times(self) -> NDArray[np.float64]:
        """Return when each row was written, seconds since 1970, within 10 ms."""
        count, where, times = self._contents["times"]
        corners = self._integers(times, count).view(np.float64)
        return clock.between(self._integers(where, count), corners, self.rows)

    def order(self) -> NDArray[np.int64]:
        """Return the layout of each row."""
        return self._integers(self._contents["order"], self.rows)

    def signatures(self, layout: int) -> NDArray[np.int64]:
        """Return the signature of each row of ``layout``."""
        entry = self._layouts[layout]
        return self._integers(entry["signature"], entry["rows"])

    def flags(self, layout: int) -> NDArray[np.int64]:
        """Return the flags of each row of ``layout``."""
        entry = self._layouts[layout]
        return self._integers(entry["flags"], entry["rows"])

    def column(self, layout: int, index: int) -> NDArray[np.float64]:
        """Return one value of each row of ``layout``."""
        entry = self._layouts[layout]
        bits = self._integers(entry["columns"][index], entry["rows"])
        return bits.view(np.float64)

    def limits(self, layout: int, index: int) -> tuple[float, float] | None:
        """Return smallest and largest finite value without decoding the column."""
        found = self._layouts[layout]["limits"][index]
        return (found[0], found[1]) if found else None


class RawChunk:
    """Rows that are not sealed by column: a tail, or a chunk made without NumPy."""

    def __init__(self, table: Table) -> None:
        """Wrap intact rows, at least one."""
        self._table = table
        self.first = table.first
        self.rows = table.size
        kinds, counts = np.unique(table.layout, return_counts=True)
        self.layouts = dict(zip(kinds.tolist(), counts.tolist()))

    def _of(self, layout: int) -> Table:
        return self._table.pick(self._table.layout == layout)

    def times(self) -> NDArray[np.float64]:
        """Return when each row was written, seconds since 1970."""
        times: NDArray[np.float64] = self._table.time.copy()
        return times

    def order(self) -> NDArray[np.int64]:
        """Return the layout of each row."""
        return self._table.layout.astype(np.int64)

    def signatures(self, layout: int) -> NDArray[np.int64]:
        """Return the signature of each row of ``layout``."""
        return self._of(layout).signature

    def flags(self, layout: int) -> NDArray[np.int64]:
        """Return the flags of each row of ``layout``."""
        return self._of(layout).flags

    def column(self, layout: int, index: int) -> NDArray[np.float64]:
        """Return one value of each row of ``layout``."""
        values: NDArray[np.float64] = self._of(layout).values[:, index].copy()
        return values

    def limits(self, layout: int, index: int) -> tuple[float, float] | None:
        """Return the smallest and largest finite value."""
        found = _limits(self.column(layout, index))
        return (found[0], found[1]) if found else None
