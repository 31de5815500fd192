"""Arguments that are schedules themselves."""

from __future__ import annotations

import dataclasses
from typing import Any

from lrscope.errors import ScheduleError
from lrscope.schedules.schedule import Schedule


def part() -> Any:
    """Declare one schedule."""
    return dataclasses.field(metadata={"check": _one, "kind": "schedule"})


def parts() -> Any:
    """Declare two or more schedules."""
    return dataclasses.field(metadata={"check": _several, "kind": "schedules"})


def _one(who: str, value: Any) -> Schedule:
    if isinstance(value, Schedule):
        return value
    msg = f"{who} to be a schedule, got {value!r}"
    raise ScheduleError(msg)


def _several(who: str, value: Any) -> tuple[Schedule, ...]:
    found = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(found) < 2:
        msg = f"{who} to be two schedules or more, got {value!r}"
        raise ScheduleError(msg)
    return tuple(_one(who, each) for each in found)


def flat(node: type[Schedule], several: tuple[Schedule, ...]) -> tuple[Schedule, ...]:
    """Return parts without nodes of the same kind: (a >> b) >> c is a >> (b >> c)."""
    found: list[Schedule] = []
    for each in several:
        found.extend(each.parts if isinstance(each, node) else (each,))  # type: ignore[attr-defined]
    return tuple(found)
