"""Signals: what ended a command, by the name that a shell knows."""

from __future__ import annotations

import signal


def signal_in(exit_code: int) -> str | None:
    """Return the signal that an exit code of subprocess stands for, if it does.

    Example:
        >>> signal_in(-9), signal_in(137), signal_in(1)
        ('SIGKILL', None, None)
    """
    if exit_code >= 0:
        return None
    try:
        return signal.Signals(-exit_code).name
    except ValueError:  # one of the real-time signals in between
        return f"signal {-exit_code}"
