"""The site: which line of the user's program made a call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

_OURS = str(Path(__file__).parent)


def caller() -> tuple[str, int] | None:
    """Return file and line of the nearest frame that is not the driver's."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)
