"""Exits: the four exit codes of lrscope's own, and how an error leads to one."""

from __future__ import annotations

import sys

from lrscope.errors import RecordingError

TYPE_CHECKING = False  # see `lrscope.cli.trial`
if TYPE_CHECKING:
    from typing import NoReturn

    from lrscope.errors import LrscopeError

OK = 0
FINDINGS = 1
USAGE = 2
BROKEN = 3


def leave(error: LrscopeError) -> NoReturn:
    """End this process with one line on standard error."""
    sys.stderr.write(f"lrscope: {error}\n")
    sys.exit(BROKEN if isinstance(error, RecordingError) else USAGE)
