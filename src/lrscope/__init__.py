"""lrscope shows, checks and steers the learning rate of any PyTorch training run.

What is written here is loaded on first use: ``import lrscope`` itself loads
neither NumPy nor torch.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # importing typing takes longer than the rest
if TYPE_CHECKING:
    from typing import Any

    from lrscope.audit.audit import Audit, audit_run
    from lrscope.audit.finding import Finding
    from lrscope.capture.log import log
    from lrscope.capture.record import record
    from lrscope.driver.as_torch import as_torch
    from lrscope.driver.drive import drive
    from lrscope.driver.driver import Driver
    from lrscope.errors import LrscopeError, ScheduleError
    from lrscope.five_rates import Readings, readings
    from lrscope.recording.run import Process, Run, Track, read_run
    from lrscope.schedules import (
        Clock,
        Schedule,
        constant,
        cosine,
        exponential,
        inverse_sqrt,
        linear,
        multistep,
        one_cycle,
        polynomial,
        step_decay,
        warmup,
        warmup_cosine,
        warmup_stable_decay,
    )
    from lrscope.schedules.control.greedy import greedy
    from lrscope.schedules.control.plateau import plateau

__version__ = "0.1.0"

_PLACES = {
    "Audit": "lrscope.audit.audit",
    "Clock": "lrscope.schedules",
    "Driver": "lrscope.driver.driver",
    "Finding": "lrscope.audit.finding",
    "LrscopeError": "lrscope.errors",
    "Process": "lrscope.recording.run",
    "Readings": "lrscope.five_rates",
    "Run": "lrscope.recording.run",
    "Schedule": "lrscope.schedules",
    "ScheduleError": "lrscope.errors",
    "Track": "lrscope.recording.run",
    "as_torch": "lrscope.driver.as_torch",
    "audit_run": "lrscope.audit.audit",
    "constant": "lrscope.schedules",
    "cosine": "lrscope.schedules",
    "drive": "lrscope.driver.drive",
    "exponential": "lrscope.schedules",
    "greedy": "lrscope.schedules.control.greedy",
    "inverse_sqrt": "lrscope.schedules",
    "linear": "lrscope.schedules",
    "log": "lrscope.capture.log",
    "multistep": "lrscope.schedules",
    "one_cycle": "lrscope.schedules",
    "plateau": "lrscope.schedules.control.plateau",
    "polynomial": "lrscope.schedules",
    "read_run": "lrscope.recording.run",
    "readings": "lrscope.five_rates",
    "record": "lrscope.capture.record",
    "step_decay": "lrscope.schedules",
    "warmup": "lrscope.schedules",
    "warmup_cosine": "lrscope.schedules",
    "warmup_stable_decay": "lrscope.schedules",
}

__all__ = [
    "Audit",
    "Clock",
    "Driver",
    "Finding",
    "LrscopeError",
    "Process",
    "Readings",
    "Run",
    "Schedule",
    "ScheduleError",
    "Track",
    "__version__",
    "as_torch",
    "audit_run",
    "constant",
    "cosine",
    "drive",
    "exponential",
    "greedy",
    "inverse_sqrt",
    "linear",
    "log",
    "multistep",
    "one_cycle",
    "plateau",
    "polynomial",
    "read_run",
    "readings",
    "record",
    "step_decay",
    "warmup",
    "warmup_cosine",
    "warmup_stable_decay",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        msg = f"module 'lrscope' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(place), name)


def __dir__() -> list[str]:
    return sorted(__all__)
