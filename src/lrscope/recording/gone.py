"""Gone: whether a process that told no end is still there."""

from __future__ import annotations

import os


def pid_space() -> str | None:
    """Return within what a pid is the number of one process; None if that is unknown.

    The boot of a machine, and the namespace of a container: Linux tells them.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return None


def is_gone(pid: int, space: str | None) -> bool:
    """Say whether a process is surely there no more; False where that is not known.

    Args:
        pid: its number.
        space: what `pid_space` returned in it.
    """
    if space is None or space != pid_space():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it is there, and another user's
    return False
