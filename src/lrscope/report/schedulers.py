"""Schedulers: those that a process met, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lrscope.recording.events import SchedulerConstructed

if TYPE_CHECKING:
    from lrscope.recording.process import Process


def schedulers_in(process: Process) -> tuple[str, ...]:
    """Return the schedulers that were met, in words; those that are alike once."""
    directory = str(process.head.get("directory", ""))
    made = process.history.of(SchedulerConstructed)
    counted = Counter(_scheduler(each, directory) for each in made)
    return tuple(
        told if times == 1 else f"{told}, made {times} times"
        for told, times in counted.items()
    )


def _scheduler(event: SchedulerConstructed, directory: str) -> str:
    hidden = {"optimizer", "last_epoch", "verbose"}
    shown = ", ".join(
        f"{name}={_value(value)}"
        for name, value in event.arguments.items()
        if name not in hidden and value is not None
    )
    if event.how == "found":
        told = f"({shown})" if shown else ""
        return f"{event.class_name}{told}, made before the recording began"
    place = ""
    if event.where:
        file, line = event.where
        place = f" at {file.removeprefix(directory.rstrip('/') + '/')}:{line}"
    return f"{event.class_name}({shown}){place}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        name = value.get("callable") or value.get("type")
        if name:
            return str(name).rpartition(".")[2]
        return f"scheduler {value['scheduler']}" if "scheduler" in value else "…"
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value[:6])}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
