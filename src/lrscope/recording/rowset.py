"""Rowset: the rows of a process, gathered from its chunks when they are asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from lrscope.recording.late import Late
from lrscope.recording.rows import UPDATED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.contents import AnyChunk, Contents

    Kind = TypeVar("Kind", bound=np.generic)

AT_A_TIME = 1 << 16
"""Numbers that are counted at once; they stay in the processor's cache."""


class Rowset:
    """Rows by column; nothing is decoded before it is needed."""

    def __init__(self, contents: Contents) -> None:
        """Take the contents of a recording."""
        self._contents = contents
        self._chunks = contents.chunks

    @cached_property
    def count(self) -> int:
        """How many rows there are."""
        return sum(chunk.rows for chunk in self._chunks)

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """When each row was written, seconds since 1970."""
        return _joined([chunk.times() for chunk in self._chunks], np.float64)

    @cached_property
    def signatures(self) -> NDArray[np.unsignedinteger[Any]]:
        """The signature of each row; most recordings have less than 256."""
        most = max(self._contents.signatures, default=0)
        return self._of_all_layouts("signatures", np.min_scalar_type(most))

    @cached_property
    def flags(self) -> NDArray[np.uint8]:
        """The flags of each row."""
        return self._of_all_layouts("flags", np.dtype(np.uint8))

    @cached_property
    def updated(self) -> NDArray[np.bool_]:
        """Whether each row is a step that updated parameters."""
        updated = (self.flags & UPDATED) > 0
        self._late.correct(updated)
        return updated

    @cached_property
    def _late(self) -> Late:
        return Late(self._contents.layouts, self._as_written)

    def _as_written(self, layout: int, column: int) -> NDArray[np.float64]:
        """Return the values of a column in the rows of one layout."""
        chunks = [each for each in self._chunks if layout in each.layouts]
        return _joined([each.column(layout, column) for each in chunks], np.float64)

    def _of_all_layouts(self, name: str, kind: np.dtype[Any]) -> NDArray[Any]:
        found = np.zeros(self.count, kind)
        start = 0
        for chunk in self._chunks:
            part = found[start : start + chunk.rows]
            for layout in chunk.layouts:
                part[_places(chunk, layout)] = getattr(chunk, name)(layout)
            start += chunk.rows
        return found

    def next_with_items(self, row: int) -> int:
        """Return the first row from one on with which items came; `count` if none."""
        signatures = self._contents.signatures
        filled = [number for number, items in signatures.items() if items]
        for start in range(row, self.count, AT_A_TIME):
            found = np.isin(self.signatures[start : start + AT_A_TIME], filled)
            if found.any():
                return start + int(found.argmax())
        return self.count

    @cached_property
    def uses(self) -> NDArray[np.int64]:
        """How many rows have each signature."""
        return counts_of(self.signatures)

    @cached_property
    def every(self) -> NDArray[np.int64]:
        """The number of each row; shared, not to be written to."""
        every = np.arange(self.count)
        every.flags.writeable = False
        return every

    def rows_of(self, layouts: list[int]) -> NDArray[np.int64]:
        """Return the numbers of the rows of some layouts, in order."""
        parts = []
        for chunk in self._chunks:
            own = [_numbers(chunk, each) for each in layouts if each in chunk.layouts]
            if len(own) == 1:
                parts += own
            elif own:
                parts.append(np.sort(np.concatenate([_spelt(each) for each in own])))
        return self._told(parts)

    def column(
        self, wanted: dict[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows that hold a column, and their values.

        Args:
            wanted: layout number to the index of the column in its rows.
        """
        rows: list[range | NDArray[np.int64]] = []
        values = np.empty(self.count)
        size = 0
        for chunk in self._chunks:
            layouts = [each for each in wanted if each in chunk.layouts]
            if not layouts:
                continue
            where = [_numbers(chunk, each) for each in layouts]
            parts = [self._completed(chunk, each, wanted[each]) for each in layouts]
            value = parts[0]
            if len(layouts) > 1:
                joined = np.concatenate([_spelt(each) for each in where])
                order = np.argsort(joined, kind="stable")
                where, value = [joined[order]], np.concatenate(parts)[order]
            rows += where
            values[size : size + value.size] = value
            size += value.size
        kept = values if size == self.count else values[:size]
        if size < self.count - self.count // 8:
            kept = kept.copy()  # and let the rest go
        return self._told(rows), kept

    def _completed(
        self, chunk: AnyChunk, layout: int, column: int
    ) -> NDArray[np.float64]:
        values = chunk.column(layout, column)
        return self._late.completed(
            values, column, lambda: _spelt(_numbers(chunk, layout))
        )

    def _told(self, parts: list[range | NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return numbers of rows as one array, a part of `every` if there is no gap."""
        runs = [each for each in parts if isinstance(each, range)]
        ends = zip(runs, runs[1:])
        if runs and len(runs) == len(parts) and all(a.stop == b.start for a, b in ends):
            return self.every[runs[0].start : runs[-1].stop]
        found = [_spelt(each) for each in parts]
        return np.concatenate(found) if found else np.zeros(0, np.int64)


def at(values: NDArray[Kind], rows: NDArray[np.int64]) -> NDArray[Kind]:
    """Return the values of rows that rise; a part of the same array if they can be."""
    if rows.size and rows[-1] - rows[0] == rows.size - 1:
        return values[rows[0] : rows[-1] + 1]
    return values[rows]


def counts_of(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Return how often each number from 0 on is there, without a large copy."""
    size = int(numbers.max(initial=0)) + 1
    found = np.zeros(size, np.int64)
    for start in range(0, numbers.size, AT_A_TIME):
        found += np.bincount(numbers[start : start + AT_A_TIME], minlength=size)
    return found


def _numbers(chunk: AnyChunk, layout: int) -> range | NDArray[np.int64]:
    """Return the numbers of the rows of a layout; a range if there is no gap."""
    places = _places(chunk, layout)
    if isinstance(places, slice):
        return range(chunk.first, chunk.first + chunk.rows)
    if places[-1] - places[0] == places.size - 1:
        return range(chunk.first + int(places[0]), chunk.first + int(places[-1]) + 1)
    return chunk.first + places


def _spelt(rows: range | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(rows.start, rows.stop) if isinstance(rows, range) else rows


def _places(chunk: AnyChunk, layout: int) -> slice | NDArray[np.int64]:
    """Return where in a chunk the rows of a layout stand."""
    if len(chunk.layouts) == 1:
        return slice(None)
    return np.flatnonzero(chunk.order() == layout).astype(np.int64)


def _joined(parts: list[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, kind)
