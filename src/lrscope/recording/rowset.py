"""Rowset: the rows of a process, gathered from its chunks when they are asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.contents import AnyChunk, Contents


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
    def signatures(self) -> NDArray[np.int64]:
        """The signature of each row."""
        return self._of_all_layouts("signatures")

    @cached_property
    def flags(self) -> NDArray[np.int64]:
        """The flags of each row."""
        return self._of_all_layouts("flags")

    def _of_all_layouts(self, name: str) -> NDArray[np.int64]:
        parts = []
        for chunk in self._chunks:
            part = np.zeros(chunk.rows, np.int64)
            for layout in chunk.layouts:
                part[_places(chunk, layout)] = getattr(chunk, name)(layout)
            parts.append(part)
        return _joined(parts, np.int64)

    def rows_of(self, layouts: list[int]) -> NDArray[np.int64]:
        """Return the numbers of the rows of some layouts, in order."""
        parts = []
        for chunk in self._chunks:
            own = [_places(chunk, each) for each in layouts if each in chunk.layouts]
            if own:
                parts.append(chunk.first + np.sort(np.concatenate(own)))
        return _joined(parts, np.int64)

    def column(
        self, wanted: dict[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows that hold a column, and their values.

        Args:
            wanted: layout number to the index of the column in its rows.
        """
        rows = []
        values = []
        for chunk in self._chunks:
            layouts = [each for each in wanted if each in chunk.layouts]
            if not layouts:
                continue
            where = np.concatenate([_places(chunk, each) for each in layouts])
            value = np.concatenate([chunk.column(k, wanted[k]) for k in layouts])
            if len(layouts) > 1:
                order = np.argsort(where, kind="stable")
                where, value = where[order], value[order]
            rows.append(chunk.first + where)
            values.append(value)
        return _joined(rows, np.int64), _joined(values, np.float64)


def _places(chunk: AnyChunk, layout: int) -> NDArray[np.int64]:
    """Return where in a chunk the rows of a layout stand."""
    if len(chunk.layouts) == 1:
        return np.arange(chunk.rows, dtype=np.int64)
    return np.flatnonzero(chunk.order() == layout).astype(np.int64)


def _joined(parts: list[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, kind)
