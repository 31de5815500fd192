"""lrscope shows, checks and steers the learning rate of any PyTorch training run.

What is written here is loaded on first use: ``import lrscope`` itself loads
neither NumPy nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrscope.capture.readings import Readings, readings
    from lrscope.capture.record import record
    from lrscope.errors import LrscopeError
    from lrscope.recording.run import Process, Run, Track, read_run

__version__ = "0.1.0"

_PLACES = {
    "LrscopeError": "lrscope.errors",
    "Process": "lrscope.recording.run",
    "Readings": "lrscope.capture.readings",
    "Run": "lrscope.recording.run",
    "Track": "lrscope.recording.run",
    "read_run": "lrscope.recording.run",
    "readings": "lrscope.capture.readings",
    "record": "lrscope.capture.record",
}

__all__ = [
    "LrscopeError",
    "Process",
    "Readings",
    "Run",
    "Track",
    "__version__",
    "read_run",
    "readings",
    "record",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        msg = f"module 'lrscope' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(place), name)


def __dir__() -> list[str]:
    return sorted(__all__)
