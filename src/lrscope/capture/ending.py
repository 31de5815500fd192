"""Ending: what is told of why a recording or a process ended."""

from __future__ import annotations

import os
from typing import Any


def leave_note(reason: str) -> None:
    """Tell the launcher that the user knows why there may be no recording."""
    try:
        place = os.path.join(os.environ["LRSCOPE_NOTES"], str(os.getpid()))
        with open(place, "w", encoding="utf-8") as file:
            file.write(reason)
    except (KeyError, OSError):
        pass


def lines_of(error: BaseException) -> list[str]:
    """Return the last lines of a traceback."""
    import traceback

    return traceback.format_exception(type(error), error, error.__traceback__)[-8:]


def told(error: BaseException | None) -> dict[str, Any] | None:
    """Describe what ended the process or the block."""
    if error is None:
        return None
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = [trace.tb_frame.f_code.co_filename, trace.tb_lineno] if trace else []
    return {"type": type(error).__name__, "message": str(error)[:300], "where": where}
