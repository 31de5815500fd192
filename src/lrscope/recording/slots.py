"""Slots: rows as they stand in a tail, read as arrays."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.recording.rows import (
    FLAG_BITS,
    HEAD,
    LAYOUT_BITS,
    MOST_LAYOUTS,
    VOID_CODE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Table(NamedTuple):
    """Rows by field, one entry each; `values` has a column per value."""

    sequence: NDArray[np.float64]
    time: NDArray[np.float64]
    layout: NDArray[np.int64]
    signature: NDArray[np.int64]
    flags: NDArray[np.int64]
    values: NDArray[np.float64]

    def pick(self, chosen: slice | NDArray[np.bool_]) -> Table:
        """Return some of the rows."""
        return Table._make(field[chosen] for field in self)

    @property
    def first(self) -> int:
        """Number of the first row, from 0."""
        return int(self.sequence[0]) - 1

    @property
    def size(self) -> int:
        """How many rows there are."""
        return int(self.sequence.size)


def table_of(raw: bytes | memoryview, slot: int) -> Table:
    """Return the slots in ``raw`` by field, checked by nobody yet.

    Args:
        raw: slots as they stand in the tail.
        slot: bytes from one slot to the next.
    """
    words = slot // 8
    count = len(raw) // slot
    cells = np.frombuffer(raw, "<f8", count * words).reshape(count, words)
    with np.errstate(invalid="ignore"):  # a damaged code is no integer
        code = cells[:, 1].astype(np.int64)
    return Table(
        sequence=cells[:, -1],
        time=cells[:, 0],
        layout=(code >> FLAG_BITS) & ((1 << LAYOUT_BITS) - 1),
        signature=code >> (FLAG_BITS + LAYOUT_BITS),
        flags=code & ((1 << FLAG_BITS) - 1),
        values=cells[:, HEAD:-1],
    )


def joined(tables: list[Table]) -> Table:
    """Return the rows of several tables, at least one, as one table."""
    return Table._make(map(np.concatenate, zip(*tables)))


def intact(raw: bytes, slot: int, widths: Mapping[int, int], *, twice: bool) -> Table:
    """Return the rows at the start of ``raw`` that are whole and in order.

    Args:
        raw: slots as they stand in the tail.
        slot: bytes from one slot to the next.
        widths: how many values a row of each layout has.
        twice: whether rows are stored twice, not with a checksum.
    """
    table = table_of(raw, slot)
    first = table.sequence[0] if table.size else 0.0
    if not (1 <= first < 2**53 and float(first).is_integer()):
        return table.pick(slice(0))
    wrong = table.sequence != first + np.arange(table.size)
    code = np.frombuffer(raw, "<f8", table.size * (slot // 8))[1 :: slot // 8]
    wrong |= ~np.isin(table.layout, list(widths)) & (code != VOID_CODE)
    if twice:
        cells = np.frombuffer(raw, "<i8", table.size * (slot // 8))
        cells = cells.reshape(table.size, -1)
        body = (slot // 8) // 2
        size = np.full(MOST_LAYOUTS, HEAD)
        for layout, width in widths.items():
            if 0 <= layout < MOST_LAYOUTS:
                size[layout] += width
        size = size[table.layout]
        for word in range(body):  # behind a row's own words may be those of older rows
            wrong |= (cells[:, word] != cells[:, body + word]) & (word < size)
    stop = int(wrong.argmax()) if wrong.any() else table.size
    if not twice:
        stop = _summed(raw, slot, widths, table.pick(slice(stop)))
    return table.pick(slice(stop))


def _summed(raw: bytes, slot: int, widths: Mapping[int, int], table: Table) -> int:
    """Return how many rows in order have the checksum of their bytes."""
    words = np.frombuffer(raw, "<f8", table.size * (slot // 8))
    checks = words.reshape(table.size, -1)[:, -2].tolist()
    for index, layout in enumerate(table.layout.tolist()):
        start = index * slot
        size = 8 * (HEAD + widths.get(layout, 0))
        if zlib.adler32(raw[start : start + size]) != checks[index]:
            return index
    return table.size
