"""Tail: the newest rows of a recording, where a killed process leaves them.

The file has two halves of equal size, each divided into slots of equal size.
Rows fill one half, then the other, while the first is being sealed. On a local
file system that can promise its blocks the file is mapped and a row is a few
stores to memory, which survive the death of the process. Elsewhere a row is one
write: mapped pages of a network file system are not coherent, and a store to a
page that a full disk cannot back kills the process (SIGBUS).
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os

HALF = 6 << 20
"""Bytes in a half: 37,000 rows of 8 groups, sealed in one piece."""

SAFE_TO_MAP = frozenset({"ext2", "ext3", "ext4", "xfs", "tmpfs", "overlay"})
"""File systems where an allocated block stays allocated when it is written."""

POPULATE_WRITE = 23
"""madvise(2) MADV_POPULATE_WRITE, Linux 5.14: no page faults in the steps to come."""


class Tail:
    """Two halves of a file, with a way to store a row at a position."""

    def __init__(self, path: str, half: int = HALF) -> None:
        """Create the file.

        Raises:
            OSError: it cannot be created.
        """
        self.path = path
        self.half = half
        self._map: mmap.mmap | None = None
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
        self._file = os.open(path, flags, 0o644)
        self.why_not_mapped = self._try_to_map()

    def _try_to_map(self) -> str | None:
        filesystem = filesystem_of(self.path)
        if filesystem not in SAFE_TO_MAP or not hasattr(os, "posix_fallocate"):
            return f"a mapped file is not known to be safe on {filesystem}"
        try:
            os.posix_fallocate(self._file, 0, 2 * self.half)
            self._map = mmap.mmap(self._file, 2 * self.half)
        except OSError as error:
            os.ftruncate(self._file, 0)
            return f"{2 * self.half} bytes could not be allocated ({error.strerror})"
        with contextlib.suppress(OSError, ValueError, AttributeError):  # only a hint
            self._map.madvise(mmap.MADV_RANDOM)  # else the first fault reads 8 MB ahead
        return None

    def get_ready(self, start: int, stop: int) -> None:
        """Have the bytes from ``start`` to ``stop`` at hand, if the file is mapped.

        The first store to a page costs 12 µs in a training, and again after the
        page was written to the disk; many at once cost 0.3 µs each.
        """
        if self._map is not None:
            start -= start % mmap.PAGESIZE
            with contextlib.suppress(OSError, ValueError, AttributeError):
                self._map.madvise(POPULATE_WRITE, start, stop - start)

    @property
    def words(self) -> memoryview[float] | None:
        """The mapped file as float64 words, or None if it is not mapped."""
        return None if self._map is None else memoryview(self._map).cast("d")

    @property
    def memory(self) -> mmap.mmap | None:
        """The mapped file as bytes, or None if it is not mapped."""
        return self._map

    def write(self, position: int, data: bytes) -> None:
        """Write a slot where the file is not mapped.

        Raises:
            OSError: the disk is full.
        """
        if os.pwrite(self._file, data, position) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def read(self, half: int, size: int) -> bytes | memoryview:
        """Return the first ``size`` bytes of a half (0 or 1), uncopied if mapped."""
        start = half * self.half
        if self._map is not None:
            return memoryview(self._map)[start : start + size]
        return os.pread(self._file, size, start)

    def remove(self) -> None:
        """Delete the file: all its rows are sealed."""
        os.unlink(self.path)

    def close(self) -> None:
        """Close the file; a mapping goes when its last user does."""
        os.close(self._file)


def filesystem_of(path: str) -> str:
    """Return the type of the file system that holds ``path``, or "unknown"."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                fields = line.split()
                if fields[2] == wanted:
                    return fields[fields.index("-") + 1]
    except (OSError, ValueError, IndexError):
        pass
    return "unknown"
