"""Rows: what one optimizer step leaves behind, as 64-bit words.

A row fills a slot of the tail until it is sealed into the log. All words are
little-endian float64::

    time | code | value … | check … | sequence

``time`` is in seconds since 1970. ``code`` holds three small integers, see `code_of`.
``sequence`` counts all rows of a process from 1, so that an empty slot is no row. It
is stored last: a row whose sequence is the expected one was stored whole. ``check``
guards against bytes that were altered later. Narrow rows are followed by the same
words a second time, which costs less than any checksum; wider ones by the Adler-32
of their bytes.
"""

from __future__ import annotations

NARROW = 8
"""Most values in a row that is stored word by word, twice."""

HEAD = 2
"""Words before the values: time and code."""

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

FLAG_BITS = 6
VOID_CODE = 63.0
"""The code of a void row: layout `VOID` and a combination of flags that no step has."""
LAYOUT_BITS = 16
MOST_LAYOUTS = 1 << LAYOUT_BITS
MOST_SIGNATURES = 1 << (53 - FLAG_BITS - LAYOUT_BITS)


def code_of(layout: int, signature: int, flags: int) -> float:
    """Return layout, signature and flags as one float64, exactly.

    ``signature * 2**22 + layout * 2**6 + flags`` stays below 2**53.
    """
    return float(((signature << LAYOUT_BITS | layout) << FLAG_BITS) | flags)


def slot_words(width: int, *, twice: bool) -> int:
    """Return the words in a slot for rows of up to ``width`` values."""
    body = HEAD + width
    return 2 * body + 1 if twice else body + 2
