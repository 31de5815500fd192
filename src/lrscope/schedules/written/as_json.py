"""The JSON form of a schedule: plain data with a number."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from lrscope.errors import ScheduleError
from lrscope.schedules.catalogue import KINDS
from lrscope.schedules.schedule import Schedule

FORMAT = 1
"""1 (2026): {"format": 1, "schedule": {"kind": name, argument: value, …}}."""


def to_json(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as plain data that ``json`` can write.

    Raises:
        ScheduleError: If it holds a function without a name.

    >>> import lrscope
    >>> lrscope.schedules.to_json(lrscope.linear(10))["schedule"]
    {'kind': 'linear', 'steps': 10, 'start': 1.0, 'end': 0.0}
    """
    schedule._refuse_nameless()
    return {"format": FORMAT, "schedule": _plain(schedule)}


def from_json(data: dict[str, Any] | str, *, functions: bool = True) -> Schedule:
    """Return the schedule that plain data or a JSON text describes.

    Args:
        data: What ``to_json`` returned, or its JSON text.
        functions: Whether it may name a function, which is imported when the
            schedule is first asked. False for plans of people you do not know.

    Raises:
        ScheduleError: If the data is no schedule, of a newer format, or names a
            function and may not.

    >>> import lrscope
    >>> lrscope.schedules.from_json(lrscope.schedules.to_json(lrscope.linear(10)))
    linear(10)
    """
    try:
        found = json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError) as error:
        msg = f"a schedule is needed as JSON, got {str(data)[:80]!r}: {error}"
        raise ScheduleError(msg) from None
    if not isinstance(found, dict) or "schedule" not in found:
        msg = f'a schedule is needed as {{"format": 1, "schedule": …}}, got {found!r}'
        raise ScheduleError(msg)
    number = found.get("format")
    if number != FORMAT or isinstance(number, bool):
        msg = (
            f"this lrscope reads schedules of format {FORMAT}, got {number!r}; "
            "a newer lrscope may read it"
        )
        raise ScheduleError(msg)
    if unknown := sorted(map(str, found.keys() - {"format", "schedule"})):
        msg = f"beside format and schedule nothing is read, got {', '.join(unknown)}"
        raise ScheduleError(msg)
    schedule = _schedule(found["schedule"])
    if not functions and (name := _function_in(found["schedule"])):
        msg = f"{name!r} is a function, which is not imported for a plan of others"
        raise ScheduleError(msg)
    return schedule


def _function_in(data: Any) -> str | None:
    """Return the name of a function that a plan would import, if there is one."""
    if isinstance(data, list):
        return next(filter(None, map(_function_in, data)), None)
    if not isinstance(data, dict):
        return None
    for each in dataclasses.fields(KINDS[data["kind"]]):
        if each.metadata.get("kind") == "function" and data.get(each.name) is not None:
            return str(data[each.name])
    return next(filter(None, map(_function_in, data.values())), None)


def _plain(schedule: Schedule) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": type(schedule).__name__}
    for each in dataclasses.fields(schedule):
        if each.init:
            found[each.name] = _plain_value(getattr(schedule, each.name))
    return found


def _plain_value(value: Any) -> Any:
    if isinstance(value, Schedule):
        return _plain(value)
    if isinstance(value, tuple):
        return [_plain_value(each) for each in value]
    return value


def _schedule(data: Any) -> Schedule:
    kind = KINDS.get(str(data.get("kind"))) if isinstance(data, dict) else None
    if kind is None:
        msg = f"a schedule needs a known kind, got {data!r}"
        raise ScheduleError(msg)
    arguments = {key: _value(each) for key, each in data.items() if key != "kind"}
    try:
        return kind(**arguments)
    except TypeError as error:
        msg = f"{data['kind']} cannot be made of {sorted(arguments)}: {error}"
        raise ScheduleError(msg) from None


def _value(data: Any) -> Any:
    if isinstance(data, dict):
        return _schedule(data)
    if isinstance(data, list):
        return tuple(_value(each) for each in data)
    return data
