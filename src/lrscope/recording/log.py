"""Log: the append-only half of a recording, one checked frame after another.

A log file starts with `MAGIC` and the format number, then holds frames. A frame
is a four-letter kind, the length of its payload, a CRC-32 over both and the
payload, and the payload. A frame that is cut or altered ends the readable part.

Format history:
    1  (0.1.0) first format.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import threading
import zlib

from lrscope.errors import DamagedRecording, NewerFormat

FORMAT = 1
MAGIC = b"lrscope\n"
PREFIX = struct.Struct("<8sI")
FRAME = struct.Struct("<4sII")

HEAD = b"HEAD"  # what wrote this recording: versions, command, host, rank, start
EVENT = b"EVNT"  # something rare that happened
ITEM = b"ITEM"  # a number for something frequent that happens between rows
SIGNATURE = b"SIGN"  # a number for a sequence of items
LAYOUT = b"LAYO"  # what the values of a row mean
TAIL = b"TAIL"  # how the tail file is divided into slots from here on
COLUMNS = b"COLS"  # sealed rows, by column
ROWS = b"ROWS"  # sealed rows as they were, where NumPy was not at hand

CUT = "cut at byte"
"""How a problem begins that is no more than an end within a frame."""


TYPE_CHECKING = False  # importing typing would take longer than lrscope itself
if TYPE_CHECKING:
    Frame = tuple[bytes, bytes]  # kind and payload, checked


class LogWriter:
    """Appends frames to a new log file; an existing file is never touched."""

    def __init__(self, path: str) -> None:
        """Create the file at ``path``.

        Raises:
            OSError: the file exists or cannot be created.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self.path = path
        self._file = os.open(path, flags, 0o644)
        self._lock = threading.Lock()
        self._torn = False
        try:
            _write_all(self._file, PREFIX.pack(MAGIC, FORMAT))
        except OSError:
            os.close(self._file)
            os.unlink(path)
            raise

    def append(self, kind: bytes, payload: bytes) -> None:
        """Add one frame, whole or not at all as far as a reader can tell.

        Raises:
            OSError: the disk is full or the file is gone.
        """
        head = FRAME.pack(kind, len(payload), _check(kind, payload))
        with self._lock:
            if self._torn:
                raise OSError(errno.EIO, "an earlier frame was torn")
            try:
                _write_all(self._file, head + payload)
            except _NoRoomError:
                raise
            except OSError:
                self._torn = True  # nobody would read what follows half a frame
                raise

    def append_json(self, kind: bytes, data: object) -> None:
        """Add one frame of plain data; see `append`."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        self.append(kind, text.encode("utf-8", "replace"))

    def is_linked(self) -> bool:
        """Say whether the file still has a name that someone could open."""
        return os.fstat(self._file).st_nlink > 0

    def close(self) -> None:
        """Close the file; the log stays readable at any time before that."""
        os.close(self._file)


def read_frames(data: bytes, name: str) -> tuple[list[Frame], str | None]:
    """Return the intact frames of a log and, if it was cut or altered, where.

    Args:
        data: the whole file, or as much of it as was written so far.
        name: how to call the file in messages.

    Raises:
        NewerFormat: the log was written by a newer lrscope.
        DamagedRecording: this is not a log at all.
    """
    if len(data) < PREFIX.size or data[:8] != MAGIC:
        msg = f"{name}: expected a recording that starts with {MAGIC!r}, got "
        msg += f"{data[:8]!r}; this file was not written by lrscope or is damaged"
        raise DamagedRecording(msg)
    _, version = PREFIX.unpack_from(data)
    if version != FORMAT:
        msg = f"{name}: this lrscope reads recordings of format {FORMAT}, got format "
        msg += f"{version}; upgrade lrscope to read it"
        raise NewerFormat(msg)
    frames: list[Frame] = []
    position = PREFIX.size
    while position < len(data):
        start = position + FRAME.size
        if start > len(data):
            return frames, f"{CUT} {len(data)}, inside a frame"
        kind, length, check = FRAME.unpack_from(data, position)
        payload = data[start : start + length]
        if len(payload) < length:
            return frames, f"{CUT} {len(data)}, inside a frame"
        if _check(kind, payload) != check:
            return frames, f"altered after byte {position}; the rest was not read"
        frames.append((kind, payload))
        position = start + length
    return frames, None


def _check(kind: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(kind + len(payload).to_bytes(4, "little")))


def _write_all(file: int, data: bytes) -> None:
    written = os.write(file, data)
    if written == len(data):
        return
    # a full disk took a part; without it, room may come and the log go on
    os.ftruncate(file, os.fstat(file).st_size - written)
    raise _NoRoomError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _NoRoomError(OSError):
    """The disk is full, and what it took of a frame was taken back."""
