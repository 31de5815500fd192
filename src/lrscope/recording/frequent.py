"""Frequent: how often what happens all the time did, by item, without a loop over rows.

A row's signature says which items happened before it and how often. A process with
thousands of optimizers has thousands of each, so each item knows its signatures.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from lrscope.recording.contents import Contents
    from lrscope.recording.rowset import Rowset


class Frequent:
    """The items of a recording and the signatures that hold them."""

    def __init__(self, contents: Contents, rowset: Rowset) -> None:
        """Take the contents of a recording and its rows."""
        self._contents = contents
        self._rowset = rowset
        self._items: dict[str, dict[int, dict[str, Any]]] = {}

    def items(self, happened: str) -> dict[int, dict[str, Any]]:
        """Return the items of one kind by number, by its name in the file."""
        if happened not in self._items:
            self._items[happened] = {
                number: item
                for number, item in self._contents.items.items()
                if item.get("happened") == happened
            }
        return self._items[happened]

    def times_of(
        self, items: Iterable[int], begin: int = 0, end: int | None = None
    ) -> int:
        """Return how often any of some items happened, each named once.

        Args:
            items: their numbers.
            begin: row from which on it counts, with what came before that row.
            end: row before which it must have happened; None for all to the end.
        """
        uses = self._rowset.uses
        if begin or end is not None:
            uses = np.bincount(self._rowset.signatures[begin:end])
        return sum(self._times_of(each, uses) for each in items)

    def _times_of(self, item: int, uses: NDArray[np.int64]) -> int:
        signatures, counts = self.telling(item)
        known = signatures < uses.size
        return int((uses[signatures[known]] * counts[known]).sum())

    def telling(self, item: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the signatures that hold an item, and how often each does."""
        none = np.zeros(0, np.int64)
        return self._telling.get(item, (none, none))

    @cached_property
    def _telling(self) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        found: dict[int, Counter[int]] = {}
        for signature, runs in self._contents.signatures.items():
            for item, count in runs:
                found.setdefault(item, Counter())[signature] += count
        return {
            item: (
                np.fromiter(counts, np.int64, len(counts)),
                np.fromiter(counts.values(), np.int64, len(counts)),
            )
            for item, counts in found.items()
        }
