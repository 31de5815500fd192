"""Journal: everything a process has to tell, kept back until its first step.

A process that imports torch and never takes an optimizer step (a launcher, a
DataLoader worker) leaves no file. So what happens before the first step is kept
in memory and written when the first row is.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from lrscope.recording.dictionary import Layout
    from lrscope.recording.writer import Writer

MOST_KEPT = 10_000
"""Events kept in memory before the first step; later ones are dropped."""

MOST_PENDING = 1024
"""Items between two rows; beyond it a row without a step takes them."""

INTRODUCTIONS = frozenset({"optimizer_constructed", "scheduler_constructed"})
"""Events that a forked child repeats, so that its recording stands alone."""


class Journal:
    """Numbers items and orders events; opens the writer at the first row.

    Attributes:
        pending: items since the last row, in order. Append to it directly.
        sink: its ``store`` and ``put`` write rows; nowhere after the end.
        when_opened: called when there are files, before the first row is written.
        introductions: what a recording needs to stand alone.
    """

    __slots__ = (
        "_arguments", "_ended", "_items", "_kept", "_open_writer", "_opening",
        "_remarks", "_writer", "introductions", "pending", "sink", "when_opened",
    )  # fmt: skip

    def __init__(self, open_writer: Callable[[], Writer]) -> None:
        """Take the function that creates the files."""
        self.pending: list[int] = []
        self._open_writer = open_writer
        self._opening = threading.RLock()
        self._writer: Writer | None = None
        self._ended = False
        self._items: list[dict[str, Any]] = []
        self.introductions: list[dict[str, Any]] = []
        self._kept: list[dict[str, Any]] = []
        self.sink: Writer | Nowhere = NOWHERE
        self._remarks: Layout | None = None
        self._arguments: dict[int, Layout] = {}
        self.when_opened: list[Callable[[], None]] = []

    @property
    def is_open(self) -> bool:
        """Say whether there are files yet."""
        return self._writer is not None

    @property
    def rows(self) -> int:
        """Return how many rows were written."""
        return self._writer.next_row if self._writer is not None else 0

    def open(self) -> Writer:
        """Return the writer, created now if this is the first row.

        Raises:
            RuntimeError: the recording has ended.
        """
        writer = self._writer
        return self._open() if writer is None else writer

    def _open(self) -> Writer:
        with self._opening:
            if self._ended:
                raise RuntimeError("the recording has ended")
            if self._writer is None:  # no other thread was quicker
                writer = self._open_writer()
                for description in self._items:
                    writer.item(description)
                for event in self._kept:
                    writer.event(event)
                self._kept.clear()
                self._writer = writer
                self.sink = writer
                for each in self.when_opened:
                    each()
                if writer.why_not_mapped:
                    self.event("rows_written_slowly", why=writer.why_not_mapped)
            return self._writer

    def event(self, kind: str, **details: Any) -> None:
        """Note something rare."""
        event = {
            "event": kind,
            "row": self.rows,
            "after": len(self.pending),
            "time": time.time(),
            **details,
        }
        if kind in INTRODUCTIONS:
            self.introductions.append(event)
        if self._writer is not None:
            self._writer.event(event)
        elif len(self._kept) < MOST_KEPT:
            self._kept.append(event)

    def item(self, happened: str, **details: Any) -> int:
        """Return a number to append to `pending` each time that this happens."""
        description = {"happened": happened, **details}
        self._items.append(description)
        if self._writer is not None:
            return self._writer.item(description)
        return len(self._items) - 1

    def happened(self, item: int) -> str:
        """Return what an item stands for."""
        return str(self._items[item]["happened"])

    def argument(self, scheduler: int, value: float) -> None:
        """Write the number that the last pending item was called with."""
        if self._writer is None:
            return
        layout = self._arguments.get(scheduler)
        if layout is None:
            description = {"holds": "argument", "scheduler": scheduler}
            layout = self._arguments[scheduler] = self._writer.layout(description, 1)
        self.sink.put(layout, self.take_signature(), 0, [value])

    def silence(self) -> int:
        """Return the signature of a row before which nothing happened."""
        return self.open().signature(())

    def flush(self) -> None:
        """Write pending items in a row without a step."""
        if self._writer is None:
            del self.pending[MOST_PENDING:]
        elif self.pending:
            if self._remarks is None:
                self._remarks = self._writer.layout({"holds": "nothing"}, 0)
            self.sink.put(self._remarks, self.take_signature(), 0, [])

    def take_signature(self) -> int:
        """Return the signature of the pending items, which are pending no more."""
        taken = self.pending[:]
        del self.pending[: len(taken)]
        return self.open().signature(taken)

    def close(self) -> None:
        """Write what is left and seal the recording."""
        self._ended, writer = True, self._writer
        if writer is not None:
            self.flush()
            self._writer = None
            self.sink = NOWHERE
            writer.close()

    def abandon(self) -> None:
        """Let go of the files as they are."""
        self._ended = True
        writer, self._writer = self._writer, None
        self.sink = NOWHERE
        if writer is not None:
            writer.abandon()

    def move_to_child(self) -> None:
        """Go on in a forked child: the same items, no files, the parent's untouched."""
        self.abandon()
        self._ended = False
        self._opening = threading.RLock()  # another thread may have held it
        self.pending.clear()
        self._remarks = None
        self._arguments.clear()
        self._kept = [{**each, "row": 0, "after": 0} for each in self.introductions]


class Nowhere:
    """Where rows go before the first step and after the end."""

    def put(self, *_: object) -> int:
        """Take a row and do nothing with it."""
        return -1

    store = put


NOWHERE = Nowhere()
