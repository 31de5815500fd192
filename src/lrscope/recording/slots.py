"""Slots: rows as they stand in a tail, read as arrays."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.recording.rows import FLAG_BITS, HEAD, LAYOUT_BITS

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

    def __getitem__(self, chosen: object) -> Table:  # type: ignore[override]
        """Return some of the rows, chosen as NumPy chooses."""
        return Table(*(field[chosen] for field in self._fields_in_order()))

    def _fields_in_order(self) -> list[NDArray[np.float64]]:
        return [getattr(self, name) for name in self._fields]

    @property
    def first(self) -> int:
        """Sequence number of the first row."""
        return int(self.sequence[0])

    @property
    def size(self) -> int:
        """How many rows there are."""
        return int(self.sequence.size)


def table_of(raw: bytes, slot: int) -> Table:
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
    return Table(*(np.concatenate(fields) for fields in zip(*tables, strict=True)))


def intact(
    raw: bytes, slot: int, widths: Mapping[int, int], *, twice: bool
) -> Table:
    """Return the rows at the start of ``raw`` that are whole and in order.

    Args:
        raw: slots as they stand in the tail.
        slot: bytes from one slot to the next.
        widths: how many values a row of each layout has.
        twice: whether rows are stored twice, not with a checksum.
    """
    table = table_of(raw, slot)
    if table.size == 0:
        return table
    expected = table.sequence[0] + np.arange(table.size)
    wrong = table.sequence != expected
    wrong |= ~np.isin(table.layout, [0, *widths])
    if twice:
        cells = np.frombuffer(raw, "<i8", table.size * (slot // 8))
        cells = cells.reshape(table.size, -1)
        body = (slot // 8) // 2
        wrong |= (cells[:, :body] != cells[:, body : 2 * body]).any(axis=1)
    stop = int(wrong.argmax()) if wrong.any() else table.size
    if not twice:
        stop = _summed(raw, slot, widths, table[:stop])
    return table[:stop]


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
