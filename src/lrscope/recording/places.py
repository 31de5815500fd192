"""Places: where in the tail the rows to come are stored, and which were."""

from __future__ import annotations

import time
from array import array
from itertools import count
from typing import TYPE_CHECKING, Callable

from lrscope.compiled import native
from lrscope.recording.rows import VOID_CODE

if TYPE_CHECKING:
    from lrscope.recording.tail import Tail

FIRST_PART, PART = 16 << 10, 256 << 10
"""Bytes of the tail that are made ready at once: few at first, most runs are short."""

PATIENCE = 1.0
"""Seconds that sealing waits for rows that other threads are about to store."""


def _none_left() -> tuple[int, int]:
    raise StopIteration


class Places:
    """The slots of a tail, given out in order, part by part of one half.

    Attributes:
        take: returns the next place, in words, and the sequence number of its row;
            raises StopIteration at the end of a part. One atomic call, of any thread.
        next_row: the sequence number that the next row will have.
        slot: bytes in a slot.
        half: the half that is being filled, 0 or 1.
        first: sequence number of the first row in it.
    """

    __slots__ = ("_part", "_tail", "_upto", "first", "half", "next_row", "slot", "take")

    take: Callable[[], tuple[int, int]]

    def __init__(self, tail: Tail, slot: int, first: int) -> None:
        """Begin with the row ``first`` at the beginning of the tail."""
        self._tail = tail
        self.slot = slot
        self.next_row = first
        self._part = FIRST_PART
        self.open_half(0, first)

    @property
    def rows(self) -> int:
        """Return how many rows a half holds."""
        return self._tail.half // self.slot

    def open_half(self, half: int, first: int) -> None:
        """Go on at the beginning of a half whose rows are sealed."""
        self.half = half
        self.first = first
        self._upto = first  # places were given out
        self.open_part()

    def open_part(self) -> bool:
        """Give out the places of the next part of this half, if there is one left."""
        first, end = self._upto, self.first + self.rows
        if first == end:
            return False
        self._upto = min(first + max(1, self._part // self.slot), end)
        self._part = min(2 * self._part, PART)
        place = self.half * self._tail.half + (first - self.first) * self.slot
        stop = place + (self._upto - first) * self.slot
        self._tail.get_ready(place, stop)
        numbers = place // 8, stop // 8, self.slot // 8
        if native is not None:
            self.take = native.Part(*numbers, first)
        else:
            self.take = zip(range(*numbers), count(first)).__next__
        return True

    def end(self) -> int:
        """Give out no more, and return the end of what was.

        `next_row` may still lag behind it, where another thread has just stored a row.
        """
        take, self.take = self.take, _none_left
        try:
            _, end = take()  # the place is lost, and the tail with it
        except StopIteration:
            end = self._upto
        self.next_row = end
        return end

    def filled(self, half: int, first: int, slots: int) -> bytes | memoryview:
        """Return the slots of a half once every thread has stored its row."""
        words = self.slot // 8
        expected = array("d", range(first + 1, first + slots + 1))
        deadline = time.monotonic() + PATIENCE
        while True:
            raw = self._tail.read(half, slots * self.slot)
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
                cells[slot * words + 1] = VOID_CODE
                cells[slot * words + words - 1] = needs
        return cells.tobytes()
