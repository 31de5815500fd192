"""Start: what the bootstrap calls when ``torch.optim`` has loaded in a child."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lrscope.capture.recorder import Recorder

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.effective.wanted import Wanted
    from lrscope.capture.printing import Printer

_recorder: Recorder | None = None


def module_loaded(name: str, module: ModuleType) -> None:
    """Begin to record, or watch another module of torch."""
    global _recorder  # noqa: PLW0603 - one recorder per process
    if name == "torch.optim":
        directory = os.environ.get("LRSCOPE_RUN", "")
        segment = int(os.environ.get("LRSCOPE_SEGMENT", "0"))
        if os.path.isdir(directory):
            every = os.environ.get("LRSCOPE_PRINT")
            first = os.environ.get("RANK", "0") == "0"
            printer = _printer(every) if every and first else None
            asked = os.environ.get("LRSCOPE_EFFECTIVE")
            effective = None if asked is None else _wanted(asked)
            _recorder = Recorder(directory, segment, printer, effective)
            _recorder.start()
        else:
            print(f"lrscope: {directory!r} is gone; not recording", file=sys.stderr)
    elif _recorder is not None:
        _recorder.module_loaded(name, module)


def _printer(every: str) -> Printer:
    from lrscope.capture.printing import Printer

    return Printer(every)


def _wanted(text: str) -> Wanted:
    from lrscope.capture.effective.wanted import wanted

    return wanted(text)


def is_recording() -> Recorder | None:
    """Return the recorder that ``lrscope run`` started in this process."""
    return _recorder
