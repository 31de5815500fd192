"""Sealer: turns the slots of a half into a frame of the log.

By column where NumPy is at hand, byte by byte where it is not.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Callable

from lrscope.recording import log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.recording.dictionary import Layout

    Slots = bytes | memoryview


def sealer() -> Callable[[Slots, int, int, Sequence[Layout]], tuple[bytes, bytes]]:
    """Return what seals slots, with NumPy if this Python has it.

    Called when the recording begins: at the end of a process that was interrupted,
    an import that runs ``exec`` makes Python forget by what signal it must end.
    """
    try:
        from lrscope.recording import chunk, slots
    except ImportError:
        return _sealed_without_numpy

    def sealed(
        raw: Slots, slot: int, first: int, layouts: Sequence[Layout]
    ) -> tuple[bytes, bytes]:
        widths = {layout.number: layout.width for layout in layouts}
        return log.COLUMNS, chunk.seal(slots.table_of(raw, slot), first, widths)

    return sealed


def _sealed_without_numpy(
    raw: Slots, slot: int, _first: int, _layouts: Sequence[Layout]
) -> tuple[bytes, bytes]:
    planes = b"".join(bytes(raw[index::slot]) for index in range(slot))
    return log.ROWS, slot.to_bytes(4, "little") + zlib.compress(planes)
