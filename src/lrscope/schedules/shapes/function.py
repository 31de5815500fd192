"""Any function of the step."""

from __future__ import annotations

import dataclasses
import importlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import MISSING, Steps, length
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable


def named(*, default: Any = MISSING, optional: bool = False) -> Any:
    """Declare a function: itself, or its name as "module:name".

    A function that can be found again under its name is kept as that name.
    """

    def check(who: str, value: Any) -> Any:
        if value is None and optional:
            return None
        if isinstance(value, str):
            module, colon, name = value.partition(":")
            words = [*module.split("."), *name.split(".")]
            if colon and all(each.isidentifier() for each in words):
                return value
        elif callable(value):
            return _name(value) or value
        msg = f'{who} as a function or as its name "module:name", got {value!r}'
        raise ScheduleError(msg)

    metadata = {"check": check, "kind": "function"}
    return dataclasses.field(default=default, metadata=metadata)


@value
class function(Shape):
    """What a function of the step returns.

    f(t) = call(t)

    The function is called with one step at a time, an int; with a float for times
    between steps, as after a stretch. One that can be imported is kept by its name
    and can be written as text and as JSON; a lambda works, but cannot be written.
    A name is imported when the first value is asked for, not before.

    Args:
        call: The function, or its name as "module:name".
        steps: Length; without end if None.

    Raises:
        ScheduleError: If it is no function and no name of one; when a value is asked
            for, if the name leads nowhere or the value is no finite number.

    >>> import lrscope
    >>> lrscope.schedules.function("math:sqrt")(16)
    4.0
    """

    call: str | Callable[[float], float] = named()
    steps: Steps = length(default=None, optional=True)
    turns = True

    def _formula(self, t: Any) -> Any:
        return of_each(self.call, t)


def of_each(call: Any, times: Any) -> Any:
    """Return what a function says of each time."""
    if isinstance(call, str):
        call = found(call)
    if isinstance(times, np.ndarray):
        return np.array([_one(call, each) for each in times.tolist()], dtype=float)
    return _one(call, times)


@lru_cache(maxsize=256)
def found(name: str) -> Any:
    """Return the function that a name stands for.

    Raises:
        ScheduleError: If there is none.
    """
    module, _, attributes = name.partition(":")
    try:
        place: Any = importlib.import_module(module)
        for each in attributes.split("."):
            place = getattr(place, each)
    except (ImportError, AttributeError) as error:
        msg = f"{name!r} is needed as a function that can be imported: {error}"
        raise ScheduleError(msg) from error
    if not callable(place):
        msg = f"{name!r} is needed as a function, it is {place!r}"
        raise ScheduleError(msg)
    return place


def _one(call: Callable[[float], float], time: float) -> float:
    step = int(time) if float(time).is_integer() else time
    value: Any = call(step)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        msg = f"{call!r} needs to return a finite number, got {value!r} at {step}"
        raise ScheduleError(msg)
    return number


def _name(call: Any) -> str | None:
    """Return the name under which a function is found again, if there is one."""
    module = getattr(call, "__module__", None)
    name = getattr(call, "__qualname__", None)
    if not module or not name or module == "__main__" or "<" in name:
        return None
    text = f"{module}:{name}"
    try:
        return text if found(text) is call else None
    except ScheduleError:
        return None
