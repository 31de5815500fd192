"""Rows: what one optimizer step leaves behind, as bytes.

A row fills a slot of the tail, zeros at its end, until it is sealed into the log::

    check u32 | sequence u64 | time f64 | layout u32 | signature u32 | flags u32 | values f64 …

``check`` is the CRC-32 of all that follows in the row and is stored last: a row
is there when it matches. ``sequence`` counts all rows of a process from 0.
"""

from __future__ import annotations

import struct
from typing import Callable

HEAD = "<QdIII"
HEAD_SIZE = struct.calcsize(HEAD)
CHECK_SIZE = 4

VOID = 0
"""The layout of a row whose writing was interrupted: it says nothing."""

UPDATED = 1
"""The step changed parameters, as far as can be told."""
NO_GRADIENT = 2
"""Every parameter's gradient was None: nothing was updated."""
OVERFLOW = 4
"""A GradScaler found an infinite or NaN gradient: nothing was updated."""
SCALED = 8
"""The step was taken through a GradScaler."""
LATE = 16
"""A value was on a device and follows in a later event; NaN stands in its place."""
UNDECIDED = 32
"""Whether the step updated follows in a later event: the answer is on a device."""


def packer(width: int, stride: int) -> Callable[..., bytes]:
    """Return what packs a row of ``width`` values for slots of ``stride`` bytes.

    It takes sequence, time, layout, signature, flags and the values, and leaves
    the check out.
    """
    padding = stride - row_size(width)
    return struct.Struct(f"{HEAD}{width}d{padding}x").pack


def row_size(width: int) -> int:
    """Return the bytes that a row of ``width`` values needs, check included."""
    return CHECK_SIZE + HEAD_SIZE + 8 * width
