"""Writer: one process's recording while it is being made.

Standard library only, and NumPy where it is there: this module runs inside the
user's process, on any Python from 3.9 on.
"""

from __future__ import annotations

import errno
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from lrscope.recording import log, rows, stores
from lrscope.recording.dictionary import Dictionary, Layout
from lrscope.recording.places import Places
from lrscope.recording.sealer import sealer
from lrscope.recording.tail import HALF, Tail

if TYPE_CHECKING:
    from collections.abc import Sequence


class Writer:
    """Writes rows, which are frequent, and events, which are rare.

    A row is safe from the death of this process when `put` returns, an event
    when `event` does. All methods may be called from any thread.

    Attributes:
        store: writes a row: code (see `rows.code_of`) and values to sequence number.
    """

    __slots__ = (
        "_dictionary", "_lock", "_places", "_sealed", "_sealing", "_tail", "_trouble",
        "_widest", "log", "path", "store",
    )  # fmt: skip

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
        self.log.append_json(log.HEAD, head)
        self._lock = threading.RLock()
        self._sealed = sealer()
        self._dictionary = Dictionary(self.log)
        self._sealing: threading.Thread | None = None
        self._trouble: Exception | None = None
        self._widest = 1
        self._tail = Tail(path + ".tail", half)
        self._divide(0)

    @property
    def next_row(self) -> int:
        """The sequence number that the next row will have."""
        return self._places.next_row

    @property
    def why_not_mapped(self) -> str | None:
        """The reason why rows are written instead of stored, if they are."""
        return self._tail.why_not_mapped

    def _divide(self, first: int) -> None:
        """Divide the tail into slots for the widest row; all rows are sealed."""
        mapped = self._tail.words is not None
        twice = mapped and self._widest <= rows.NARROW
        slot = 8 * rows.slot_words(self._widest, twice=twice)
        half = self._tail.half
        while 64 * slot > half:
            half *= 2
        if half != self._tail.half:
            self._tail.remove()  # who still holds it mapped may still store there
            self._tail.close()
            self._tail = Tail(self.path + ".tail", half)
        description = {"slot": slot, "half": half, "first": first, "twice": twice}
        self.log.append_json(log.TAIL, description)
        self._places = places = Places(self._tail, slot, first)
        room = places, partial(self._turn, places), self._store_anew
        if twice:
            self.store = stores.narrow(*room, self._tail.words, slot // 8)
        elif mapped:
            self.store = stores.wide(*room, self._tail.memory, slot)
        else:
            self.store = stores.written(*room, self._tail.write, slot)

    def layout(self, description: dict[str, Any], width: int) -> Layout:
        """Announce rows of a new kind with ``width`` values."""
        with self._lock:
            if width > self._widest:
                end = self._seal_all()
                self._widest = width
                self._divide(end)
            return self._dictionary.layout(description, width)

    def item(self, description: dict[str, Any]) -> int:
        """Announce something that happens often between rows; return its number."""
        return self._dictionary.item(description)

    def signature(self, items: Sequence[int]) -> int:
        """Return the number of a sequence of items, announcing it if it is new."""
        return self._dictionary.signature(items)

    def event(self, description: dict[str, Any]) -> None:
        """Write something rare, at once."""
        self.log.append_json(log.EVENT, description)

    def put(
        self, layout: Layout, signature: int, flags: int, values: Sequence[float]
    ) -> int:
        """Write one row and return its sequence number.

        Raises:
            OSError: the disk is full, or an earlier row could not be sealed.
        """
        return self.store(rows.code_of(layout.number, signature, flags), values)

    def _turn(self, places: Places) -> tuple[int, int] | None:
        """Go on in the next part or in the other half, return the next place.

        None if the tail was divided anew since: these places are no more.
        """
        with self._lock:
            if places is not self._places:
                return None
            try:
                return places.take()  # another thread has turned
            except StopIteration:
                if not places.open_part():
                    self._change_halves()
            return places.take()

    def _store_anew(self, code: float, values: Sequence[float]) -> int:
        return self.store(code, values)

    def _change_halves(self) -> None:
        """Go on in the other half and have this one sealed."""
        self._wait_for_seal()
        places = self._places
        half, first, slots = places.half, places.first, places.rows
        self._sealing = threading.Thread(
            target=self._seal, args=(half, first, slots), daemon=True
        )
        self._sealing.start()
        places.open_half(1 - half, first + slots)

    def _wait_for_seal(self) -> None:
        if self._sealing is not None:
            self._sealing.join()
            self._sealing = None
        if self._trouble is not None:
            raise self._trouble

    def _seal(self, half: int, first: int, slots: int) -> None:
        try:
            places = self._places
            raw = places.filled(half, first, slots)
            layouts = self._dictionary.layouts
            kind, payload = self._sealed(raw, places.slot, first, layouts)
            self.log.append(kind, payload)
        except Exception as error:  # noqa: BLE001 - raised by the next row
            self._trouble = error

    def _seal_all(self) -> int:
        """Seal every row that is in the tail, and return the number of the next."""
        self._wait_for_seal()
        places = self._places
        end = places.end()
        if end > places.first:
            self._seal(places.half, places.first, end - places.first)
            self._wait_for_seal()
        return end

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


def unused(path: str) -> str:
    """Return ``path`` without suffix, numbered if a process recorded there before."""
    number, name = 1, path
    while os.path.exists(name + ".lrs") or os.path.exists(name + ".tail"):
        number += 1
        name = f"{path}-{number}"
    return name
