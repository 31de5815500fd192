"""Codec: columns of 64-bit numbers as few bytes, and back, bit for bit.

Four ways, the shortest wins; the first byte of a column says which:

* ``constant``: one number.
* ``runs``: where it changes and to what; for rates that change once a pass.
* ``differences``: the k-th differences of the bit patterns taken as integers.
  A smooth schedule has tiny third differences, whatever its formula.
* ``plain``: the numbers, for those that follow no pattern.

Only integer arithmetic modulo 2**64 is used, so every machine decodes alike.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from lrscope.errors import DamagedRecording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

CONSTANT, RUNS, DIFFERENCES, PLAIN = range(4)
DEEPEST = 4
"""Differences beyond the fourth only add noise to a float64 schedule."""
TRIAL = 4096
"""Numbers on which the depth of differences is chosen, at the most."""
SHORT = 1024
"""A column of so few numbers stays plain: packing it takes half a millisecond, at the
end of a training that took seconds."""
FEW = 16
"""The same for the parts of a column that is stored as runs; these must be short."""
LEVEL = 6

_RUNS = struct.Struct("<BII")
_DIFFERENCES = struct.Struct("<BBB")


def encode(column: Integers, plain: int = SHORT) -> bytes:
    """Return ``column`` (int64, any length above 0) as bytes.

    Args:
        column: to encode.
        plain: numbers up to which it is not packed.
    """
    changes = np.flatnonzero(column[1:] != column[:-1]) + 1
    if changes.size == 0:
        return bytes([CONSTANT]) + column[:1].astype("<i8").tobytes()
    if changes.size < column.size // 8:
        where = encode(np.diff(changes, prepend=0), FEW)
        values = encode(column[np.concatenate(([0], changes))], FEW)
        return _RUNS.pack(RUNS, changes.size, len(where)) + where + values
    if column.size <= plain:
        return _plain(column)
    trial = column[: min(TRIAL, 64 + column.size // 8)]
    depth = min(range(DEEPEST + 1), key=lambda k: len(_differences(trial, k)))
    coded = _differences(column, depth)
    return min(coded, _plain(column), key=len)


def _plain(column: Integers) -> bytes:
    return bytes([PLAIN]) + column.astype("<i8").tobytes()


def compress(data: bytes) -> bytes:
    """Return ``data`` as zlib packs it; few bytes with a small window.

    Making a compressor with a large one takes 40 µs, longer than the rest of its work
    on a column of a short run.
    """
    window, memory = (12, 5) if len(data) <= 1 << 12 else (15, 8)
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, window, memory)
    return packer.compress(data) + packer.flush()


def decode(data: bytes, count: int) -> Integers:
    """Return the ``count`` numbers that `encode` was given.

    Raises:
        DamagedRecording: ``data`` was not made by `encode` for ``count`` numbers.
    """
    try:
        column = _decode(data, count)
    except (ValueError, IndexError, struct.error, zlib.error, RecursionError) as error:
        msg = "a sealed column cannot be decoded; the recording is damaged"
        raise DamagedRecording(msg) from error
    if column.size != count:
        msg = f"a sealed column should hold {count} numbers and holds {column.size}"
        raise DamagedRecording(msg)
    return column


def _decode(data: bytes, count: int) -> Integers:
    way = data[0]
    if way == CONSTANT:
        return np.full(count, np.frombuffer(data, "<i8", 1, 1)[0], np.int64)
    if way == PLAIN:
        return np.frombuffer(data, "<i8", count, 1).astype(np.int64)
    if way == RUNS:
        _, changes, length = _RUNS.unpack_from(data)
        if not 0 < changes < count // 8:
            msg = f"{changes} changes among {count} numbers"
            raise ValueError(msg)
        start = _RUNS.size
        where = np.cumsum(_decode(data[start : start + length], changes))
        values = _decode(data[start + length :], changes + 1)
        lengths = np.diff(where, prepend=0, append=count)
        if lengths.min() < 0 or lengths.max() > count:
            msg = "changes out of order"
            raise ValueError(msg)
        return np.repeat(values, lengths)
    if way != DIFFERENCES:
        msg = f"unknown way {way}"
        raise ValueError(msg)
    _, depth, width = _DIFFERENCES.unpack_from(data)
    most = 8 * depth + width * count
    packed = zlib.decompressobj().decompress(data[_DIFFERENCES.size :], most + 1)
    raw = np.frombuffer(packed, np.uint8)
    starts = raw[: 8 * depth].view("<i8")
    planes = raw[8 * depth :].reshape(width, -1)
    folded = np.zeros((planes.shape[1], 8), np.uint8)
    for place, plane in enumerate(planes):
        folded[:, place] = plane
    unsigned = folded.reshape(-1).view("<u8")
    column = np.empty(depth + unsigned.size, np.int64)
    column[depth:] = (unsigned >> np.uint64(1)).view("<i8")
    column[depth:] ^= -(unsigned & np.uint64(1)).view("<i8")
    for level in range(depth - 1, -1, -1):
        column[level] = starts[level]
        np.add.accumulate(column[level:], out=column[level:])
    return column


def _differences(column: Integers, depth: int) -> bytes:
    starts = []
    for _ in range(min(depth, column.size - 1)):
        starts.append(column[0])
        column = np.diff(column)
    # zigzag: small numbers of either sign become small unsigned ones
    folded = ((column << 1) ^ (column >> 63)).view(np.uint64)
    width = max(1, (int(folded.max()).bit_length() + 7) // 8)
    planes = folded.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width].T
    head = np.array(starts, "<i8").tobytes()
    packed = compress(head + planes.tobytes())
    return _DIFFERENCES.pack(DIFFERENCES, len(starts), width) + packed
