"""Stores: three ways to put a row into the tail, made for the hot path.

Each function returns a closure ``(code, values) -> sequence``. It takes the places that
it gives out, what returns the next one at the end of a part, or None if the tail was
divided anew meanwhile, and what then stores the row there. A training step
leaves the caches cold, so what counts is how few different places of memory a row
touches, not how few instructions it takes.
"""

from __future__ import annotations

import struct
from time import time
from typing import TYPE_CHECKING, Any, Callable
from zlib import adler32

from lrscope.compiled import quick
from lrscope.recording.rows import HEAD, VOID_CODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.recording.places import Places

    Turn = Callable[[], tuple[int, int] | None]
    Store = Callable[[float, Sequence[float]], int]


def narrow(places: Places, turn: Turn, anew: Store, cells: Any, words: int) -> Store:
    """Return what stores rows of few values word by word, twice.

    Args:
        places: see above, as for the next two.
        turn: likewise.
        anew: likewise.
        cells: the mapped tail as float64 words.
        words: in a slot.
    """
    again = words // 2
    last = words - 1

    def store(code: float, values: Sequence[float]) -> int:
        try:
            place, sequence = places.take()
        except StopIteration:
            found = turn()
            if found is None:
                return anew(code, values)
            place, sequence = found
        try:
            cells[place] = cells[place + again] = time()
            cells[place + 1] = cells[place + again + 1] = code
            cell = place + HEAD
            for value in values:
                cells[cell] = cells[cell + again] = value
                cell += 1
            cells[place + last] = sequence + 1
        except BaseException:
            # the slot is taken: fill it, or all later rows would be unreadable
            for cell in range(place, place + last):
                cells[cell] = VOID_CODE
            cells[place + last] = sequence + 1
            raise
        places.next_row = sequence + 1
        return sequence

    return quick("narrow", store, places, turn, cells, words)


def wide(places: Places, turn: Turn, anew: Store, memory: Any, slot: int) -> Store:
    """Return what stores rows of many values in one piece, with a checksum."""
    cells = memoryview(memory).cast("d")
    check = slot // 8 - 2
    packers: dict[int, Callable[..., bytes]] = {}

    def store(code: float, values: Sequence[float]) -> int:
        try:
            place, sequence = places.take()
        except StopIteration:
            found = turn()
            if found is None:
                return anew(code, values)
            place, sequence = found
        try:
            try:
                row = packers[len(values)](time(), code, *values)
            except KeyError:
                packers[len(values)] = struct.Struct(f"<{HEAD + len(values)}d").pack
                row = packers[len(values)](time(), code, *values)
            start = 8 * place
            memory[start : start + len(row)] = row
        except BaseException:
            # the slot is taken: fill it, or all later rows would be unreadable
            row = struct.pack("<2d", time(), VOID_CODE)
            memory[8 * place : 8 * place + len(row)] = row
            cells[place + check] = adler32(row)
            cells[place + check + 1] = sequence + 1
            raise
        cells[place + check] = adler32(row)
        cells[place + check + 1] = sequence + 1
        places.next_row = sequence + 1
        return sequence

    return quick("wide", store, places, turn, memory, slot // 8)


def written(
    places: Places,
    turn: Turn,
    anew: Store,
    write: Callable[[int, bytes], None],
    slot: int,
) -> Store:
    """Return what writes rows to a file that cannot be mapped."""
    width = slot // 8 - HEAD - 2
    tail = struct.Struct("<2d").pack

    def store(code: float, values: Sequence[float]) -> int:
        try:
            place, sequence = places.take()
        except StopIteration:
            found = turn()
            if found is None:
                return anew(code, values)
            place, sequence = found
        try:
            row = struct.pack(f"<{HEAD + len(values)}d", time(), code, *values)
        except BaseException:
            # the slot is taken: fill it, or all later rows would be unreadable
            row = struct.pack("<2d", time(), VOID_CODE)
            padding = bytes(8 * width)
            write(8 * place, row + padding + tail(adler32(row), sequence + 1))
            raise
        padding = bytes(8 * (width - len(values)))
        write(8 * place, row + padding + tail(adler32(row), sequence + 1))
        places.next_row = sequence + 1
        return sequence

    return store
