"""Writer: one process's recording while it is being made.

Standard library only, and NumPy where it is there: this module runs inside the
user's process, on any Python from 3.9 on.
"""

from __future__ import annotations

import errno
import json
import threading
import time
from array import array
from itertools import count
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from lrscope.errors import RecordingError
from lrscope.recording import log, rows, stores
from lrscope.recording.sealer import sealer
from lrscope.recording.tail import HALF, Tail

if TYPE_CHECKING:
    from collections.abc import Sequence

PART = 256 << 10
"""Bytes of the tail that are made ready at once."""

MOST_SIGNATURES = 4096
"""Known sequences of items; beyond this the table is started anew."""


PATIENCE = 1.0
"""Seconds that sealing waits for rows that other threads are about to store."""


class Layout(NamedTuple):
    """A kind of rows: its number and how many values a row has."""

    number: int
    width: int


class Writer:
    """Writes rows, which are frequent, and events, which are rare.

    A row is safe from the death of this process when `put` returns, an event
    when `event` does. All methods may be called from any thread.

    Attributes:
        next_row: the sequence number that the next row will have.
        store: writes a row: code (see `rows.code_of`) and values to sequence number.
    """

    store: Callable[[float, Sequence[float]], int]

    def __init__(self, path: str, head: dict[str, Any], *, half: int = HALF) -> None:
        """Create ``path`` + ".lrs" and ".tail".

        Args:
            path: where to write, without ending.
            head: what describes the process, as plain data.
            half: bytes in each half of the tail, a multiple of 8.

        Raises:
            OSError: the files exist or cannot be created.
        """
        self.path = path
        self.log = log.LogWriter(path + ".lrs")
        self._frame(log.HEAD, head)
        self._half = half
        self._lock = threading.RLock()
        self._sealed = sealer()
        self._slot = 0
        self._layouts: list[Layout] = []
        self._items = 0
        self._signatures: dict[tuple[int, ...], int] = {}
        self._next_signature = 0
        self._sealing: threading.Thread | None = None
        self._trouble: Exception | None = None
        self.next_row = 0
        self._widest = 1
        self._tail = Tail(path + ".tail", half)
        self._divide()

    @property
    def why_not_mapped(self) -> str | None:
        """The reason why rows are written instead of stored, if they are."""
        return self._tail.why_not_mapped

    def _frame(self, kind: bytes, data: object) -> None:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        self.log.append(kind, text.encode("utf-8", "replace"))

    def _divide(self) -> None:
        """Divide the tail into slots for the widest row; all rows are sealed."""
        mapped = self._tail.words is not None
        twice = mapped and self._widest <= rows.NARROW
        self._slot = 8 * rows.slot_words(self._widest, twice=twice)
        while 64 * self._slot > self._half:
            self._half *= 2
        if self._half != self._tail.half:
            self._tail.close()
            self._tail = Tail(self.path + ".tail", self._half)
        if twice:
            self.store = stores.narrow(self, self._tail.words, self._slot // 8)
        elif mapped:
            self.store = stores.wide(self, self._tail.memory, self._slot)
        else:
            self.store = stores.written(self, self._tail.write, self._slot)
        description = {"slot": self._slot, "half": self._half, "first": self.next_row}
        self._frame(log.TAIL, {**description, "twice": twice})
        self._open_half(0, self.next_row)

    def _open_half(self, half: int, first: int) -> None:
        self._current = half
        self._first = first
        self._upto = first  # places were given out
        self._open_part()

    def _open_part(self) -> bool:
        """Give out the places of the next part of this half, if there is one left."""
        first, end = self._upto, self._first + self._half // self._slot
        if first == end:
            return False
        self._upto = min(first + max(1, PART // self._slot), end)
        place = self._current * self._half + (first - self._first) * self._slot
        stop = place + (self._upto - first) * self._slot
        self._tail.get_ready(place, stop)
        places = zip(range(place // 8, stop // 8, self._slot // 8), count(first))
        self.next_place: Callable[[], tuple[int, int]] = places.__next__
        return True

    def layout(self, description: dict[str, Any], width: int) -> Layout:
        """Announce rows of a new kind with ``width`` values."""
        with self._lock:
            layout = Layout(len(self._layouts) + 1, width)
            if layout.number >= rows.MOST_LAYOUTS:
                msg = f"a recording holds {rows.MOST_LAYOUTS} kinds of rows at most"
                raise RecordingError(msg)
            if width > self._widest:
                self._seal_all()
                self._widest = width
                self._divide()
            self._layouts.append(layout)
            announced = {"layout": layout.number, "width": width, **description}
            self._frame(log.LAYOUT, announced)
            return layout

    def item(self, description: dict[str, Any]) -> int:
        """Announce something that happens often between rows; return its number."""
        with self._lock:
            number = self._items
            self._items += 1
            self._frame(log.ITEM, {"item": number, **description})
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
                runs = _runs(key)
                self._frame(log.SIGNATURE, {"signature": number, "items": runs})
                self._signatures[key] = number
            return number

    def event(self, description: dict[str, Any]) -> None:
        """Write something rare, at once."""
        self._frame(log.EVENT, description)

    def put(
        self, layout: Layout, signature: int, flags: int, values: Sequence[float]
    ) -> int:
        """Write one row and return its sequence number.

        Raises:
            OSError: the disk is full, or an earlier row could not be sealed.
        """
        return self.store(rows.code_of(layout.number, signature, flags), values)

    def turn(self) -> tuple[int, int]:
        """Go on in the next part or in the other half, return the next place."""
        with self._lock:
            try:
                return self.next_place()  # another thread has turned
            except StopIteration:
                if not self._open_part():
                    self._change_halves()
            return self.next_place()

    def _change_halves(self) -> None:
        """Go on in the other half and have this one sealed."""
        self._wait_for_seal()
        half, first = self._current, self._first
        slots = self._half // self._slot
        self._sealing = threading.Thread(
            target=self._seal, args=(half, first, slots), daemon=True
        )
        self._sealing.start()
        self._open_half(1 - half, first + slots)

    def _wait_for_seal(self) -> None:
        if self._sealing is not None:
            self._sealing.join()
            self._sealing = None
        if self._trouble is not None:
            raise self._trouble

    def _seal(self, half: int, first: int, slots: int) -> None:
        try:
            raw = self._filled(half, first, slots)
            kind, payload = self._sealed(raw, self._slot, first, self._layouts)
            self.log.append(kind, payload)
        except Exception as error:  # noqa: BLE001 - raised by the next row
            self._trouble = error

    def _filled(self, half: int, first: int, slots: int) -> bytes:
        """Return the slots of a half once every thread has stored its row."""
        words = self._slot // 8
        expected = array("d", range(first + 1, first + slots + 1))
        deadline = time.monotonic() + PATIENCE
        while True:
            raw = self._tail.read(half, slots * self._slot)
            found = array("d", memoryview(raw).cast("d")[words - 1 :: words])
            if found == expected:
                return raw
            if time.monotonic() > deadline:
                break
            time.sleep(0.001)
        # a thread died between taking its slot and storing its row
        cells = array("d", raw)
        for slot, (has, needs) in enumerate(zip(found, expected)):
            if has != needs:
                cells[slot * words + 1] = rows.VOID_CODE
                cells[slot * words + words - 1] = needs
        return cells.tobytes()

    def _seal_all(self) -> None:
        """Seal every row that is in the tail."""
        self._wait_for_seal()
        try:
            _, upto = self.next_place()  # the place is lost, and the tail with it
        except StopIteration:
            upto = self._upto
        self.next_row = upto
        if upto > self._first:
            self._seal(self._current, self._first, upto - self._first)
            self._wait_for_seal()

    def close(self) -> None:
        """Seal the rest and remove the tail.

        Raises:
            OSError: the rest could not be sealed; it stays in the tail.
        """
        with self._lock:
            self._seal_all()
            if not self.log.is_linked():
                raise OSError(errno.ENOENT, "the directory of the run has vanished")
            self._tail.remove()
            self.abandon()

    def abandon(self) -> None:
        """Let go of the files as they are; in a forked child they are another's."""
        self._tail.close()
        self.log.close()


def _runs(items: Sequence[int]) -> list[list[int]]:
    """Return items with how often each comes in a row: [[item, times], …]."""
    runs: list[list[int]] = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1][1] += 1
        else:
            runs.append([item, 1])
    return runs
