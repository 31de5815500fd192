"""Tally: how often frequent things happened, counted between an optimizer's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.rowset import counts_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from lrscope.recording.process import Process

    Counts = NDArray[np.int32]


class Tally:
    """Counts what happened between the rows of a process, without a loop over rows.

    A row's signature says what happened since the row before. What a signature holds
    is looked up once; rows only pick from that table.
    """

    def __init__(self, process: Process) -> None:
        """Take the process; nothing is decoded yet."""
        self._rows = process.rows
        self._frequent = process.history.frequent
        most = max(process.history.contents.signatures, default=-1)
        self._size = 1 + max(process.rows.uses.size - 1, most)

    def _table(self, items: Collection[int]) -> Counts:
        """Return how often any of the items happened, by signature."""
        table = np.zeros(self._size, np.int32)
        for item in items:
            signatures, times = self._frequent.telling(item)
            table[signatures] += times.astype(np.int32)
        return table

    def total(self, items: Collection[int]) -> int:
        """Return how often any of the items happened."""
        return self._frequent.times_of(items)

    def per_row(self, items: Collection[int]) -> Counts:
        """Return how often they happened before each row, since the row before."""
        counts: Counts = self._table(items)[self._rows.signatures]
        return counts

    def since(self, row: int, items: Collection[int]) -> int:
        """Return how often they happened from a row on."""
        return int(self._table(items)[self._rows.signatures[row:]].sum())

    def between(self, items: Collection[int], calls: NDArray[np.int64]) -> Counts:
        """Return how often they happened between calls.

        Args:
            items: numbers of items.
            calls: rows of an optimizer's steps, rising, at least one.

        Returns:
            One more than there are calls: before the first, between each two, and
            after the last.
        """
        table, signatures = self._table(items), self._rows.signatures
        found = np.empty(calls.size + 1, np.int32)
        first, last = int(calls[0]), int(calls[-1])
        found[0] = table[signatures[: first + 1]].sum()
        if last - first == calls.size - 1:  # nothing but calls from the first on
            np.take(
                table, signatures[first + 1 : last + 1], out=found[1:-1], mode="clip"
            )
        elif calls.size > 1:
            counts = table[signatures[: last + 1]]
            found[1:-1] = np.add.reduceat(counts, calls[:-1] + 1)
        found[-1] = table[signatures[last + 1 :]].sum()
        return found


def usual(counts: Counts) -> int:
    """Return the most frequent of some counts; 0 if there are none."""
    return int(counts_of(counts).argmax()) if counts.size else 0
