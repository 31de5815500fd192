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
from lrscope.recording import clock, codec
from lrscope.recording.rows import CHECK_SIZE, HEAD_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_START = struct.Struct("<I")
_FIELDS = {
    "check": ("<u4", 0),
    "sequence": ("<u8", 4),
    "time": ("<f8", 12),
    "layout": ("<u4", 20),
    "signature": ("<u4", 24),
    "flags": ("<u4", 28),
}


def table_of(raw: bytes, stride: int) -> NDArray[Any]:
    """Return the slots in ``raw`` as a structured array, checked by nobody yet."""
    names = list(_FIELDS)
    formats = [kind for kind, _ in _FIELDS.values()]
    offsets = [offset for _, offset in _FIELDS.values()]
    width = (stride - CHECK_SIZE - HEAD_SIZE) // 8
    if width:
        names.append("values")
        formats.append(f"({width},)<f8")
        offsets.append(CHECK_SIZE + HEAD_SIZE)
    dtype = np.dtype(
        {"names": names, "formats": formats, "offsets": offsets, "itemsize": stride}
    )
    return np.frombuffer(raw, dtype, len(raw) // stride)


def intact(raw: bytes, stride: int, sequence: int | None = None) -> NDArray[Any]:
    """Return the rows at the start of ``raw`` that are whole and in order.

    Args:
        raw: slots as they stand in the tail.
        stride: bytes from one slot to the next.
        sequence: the number of the first row; None takes what is there.
    """
    table = table_of(raw, stride)
    if table.size == 0:
        return table
    first = table["sequence"][0] if sequence is None else np.uint64(sequence)
    wrong = table["sequence"] != first + np.arange(table.size, dtype=np.uint64)
    stop = int(wrong.argmax()) if wrong.any() else table.size
    checks = table["check"].tolist()
    for index in range(stop):
        start = index * stride
        if zlib.crc32(raw[start + CHECK_SIZE : start + stride]) != checks[index]:
            return table[:index]
    return table[:stop]


def seal(table: NDArray[Any], widths: Mapping[int, int]) -> bytes:
    """Return the rows in ``table`` as the payload of a chunk.

    Args:
        table: intact rows, at least one.
        widths: how many values a row of each layout has.
    """
    chunk = _Writer()
    corners = clock.corners(table["time"])
    times = chunk.floats(table["time"][corners])
    where = chunk.integers(corners.astype(np.int64))
    contents: dict[str, Any] = {
        "first": int(table["sequence"][0]),
        "rows": int(table.size),
        "times": [int(corners.size), where, times],
        "order": chunk.integers(table["layout"].astype(np.int64)),
        "layouts": {},
    }
    for layout in np.unique(table["layout"]).tolist():
        own = table[table["layout"] == layout]
        columns = []
        limits = []
        for index in range(widths.get(layout, 0)):
            values = own["values"][:, index]
            columns.append(chunk.floats(values))
            limits.append(_limits(values))
        contents["layouts"][layout] = {
            "rows": int(own.size),
            "signature": chunk.integers(own["signature"].astype(np.int64)),
            "flags": chunk.integers(own["flags"].astype(np.int64)),
            "columns": columns,
            "limits": limits,
        }
    contents["sizes"] = [len(part) for part in chunk.parts]
    head = zlib.compress(json.dumps(contents, separators=(",", ":")).encode(), 6)
    return _START.pack(len(head)) + head + b"".join(chunk.parts)


def _limits(values: NDArray[np.float64]) -> list[float] | None:
    finite = values[np.isfinite(values)]
    return [float(finite.min()), float(finite.max())] if finite.size else None


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

    def __init__(self, table: NDArray[Any]) -> None:
        """Wrap intact rows, at least one."""
        self._table = table
        self.first = int(table["sequence"][0])
        self.rows = int(table.size)
        kinds, counts = np.unique(table["layout"], return_counts=True)
        self.layouts = dict(zip(kinds.tolist(), counts.tolist()))

    def _of(self, layout: int) -> NDArray[Any]:
        return self._table[self._table["layout"] == layout]

    def times(self) -> NDArray[np.float64]:
        """Return when each row was written, seconds since 1970."""
        return self._table["time"].copy()

    def order(self) -> NDArray[np.int64]:
        """Return the layout of each row."""
        return self._table["layout"].astype(np.int64)

    def signatures(self, layout: int) -> NDArray[np.int64]:
        """Return the signature of each row of ``layout``."""
        return self._of(layout)["signature"].astype(np.int64)

    def flags(self, layout: int) -> NDArray[np.int64]:
        """Return the flags of each row of ``layout``."""
        return self._of(layout)["flags"].astype(np.int64)

    def column(self, layout: int, index: int) -> NDArray[np.float64]:
        """Return one value of each row of ``layout``."""
        return self._of(layout)["values"][:, index].copy()

    def limits(self, layout: int, index: int) -> tuple[float, float] | None:
        """Return the smallest and largest finite value."""
        found = _limits(self.column(layout, index))
        return (found[0], found[1]) if found else None

