"""Dictionary: the numbers that rows use for what they speak of.

Each number is announced in the log before the first row that uses it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from lrscope.errors import RecordingError
from lrscope.recording import log, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SIGNATURES = 4096
"""Known sequences of items; beyond this the table is started anew."""


class Layout(NamedTuple):
    """A kind of rows: its number and how many values a row has."""

    number: int
    width: int


class Dictionary:
    """Numbers layouts, items and signatures; may be used from any thread.

    Attributes:
        layouts: all of them, in order of their numbers from 1.
    """

    def __init__(self, file: log.LogWriter) -> None:
        """Know no number yet."""
        self.layouts: list[Layout] = []
        self._log = file
        self._lock = threading.RLock()
        self._items = 0
        self._signatures: dict[tuple[int, ...], int] = {}
        self._next_signature = 0

    def layout(self, description: dict[str, Any], width: int) -> Layout:
        """Announce rows of a new kind with ``width`` values."""
        with self._lock:
            layout = Layout(len(self.layouts) + 1, width)
            if layout.number >= rows.MOST_LAYOUTS:
                msg = f"a recording holds {rows.MOST_LAYOUTS} kinds of rows at most"
                raise RecordingError(msg)
            self.layouts.append(layout)
            announced = {"layout": layout.number, "width": width, **description}
            self._log.append_json(log.LAYOUT, announced)
            return layout

    def item(self, description: dict[str, Any]) -> int:
        """Announce something that happens often between rows; return its number."""
        with self._lock:
            number = self._items
            self._items += 1
            self._log.append_json(log.ITEM, {"item": number, **description})
            return number

    def signature(self, items: Sequence[int]) -> int:
        """Return the number of a sequence of items, announcing it if it is new."""
        key = tuple(items)
        with self._lock:
            number = self._signatures.get(key)
            if number is None:
                if len(self._signatures) >= MOST_SIGNATURES:
                    self._signatures.clear()
                number = self._next_signature
                self._next_signature += 1
                announced = {"signature": number, "items": _runs(key)}
                self._log.append_json(log.SIGNATURE, announced)
                self._signatures[key] = number
            return number


def _runs(items: Sequence[int]) -> list[list[int]]:
    """Return items with how often each comes in a row: [[item, times], …]."""
    runs: list[list[int]] = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1][1] += 1
        else:
            runs.append([item, 1])
    return runs
