"""Arguments of schedules: what each accepts, said where it is declared.

A shape declares ``floor: float = number(default=0.0, low=0.0, high=1.0)``. The
declaration checks what comes, and the written forms and units read it too.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from lrscope.errors import ScheduleError
from lrscope.schedules.amount import Amount

MISSING = dataclasses.MISSING
LAST_STEP = 2**53
"""Above it float64 no longer tells one step from the next."""

PREPOSITIONS = ("at", "by", "to")

Steps = Any
"""A length: an int, or text with a unit until ``on(clock)`` makes it one."""

Check = Callable[[str, Any], Any]
"""Takes "cosine needs steps" (who needs what) and a value; returns it, cleaned."""


def _argument(check: Check, kind: str, default: Any) -> Any:
    return dataclasses.field(default=default, metadata={"check": check, "kind": kind})


def length(*, default: Any = MISSING, least: int = 1, optional: bool = False) -> Any:
    """Declare a length: whole steps, or text with a unit such as "3ep" or "10%"."""

    def check(who: str, value: Any) -> Any:
        if value is None and optional:
            return None
        return whole_or_amount(who, value, least)

    return _argument(check, "length", default)


def lengths(*, default: Any = MISSING) -> Any:
    """Declare milestones: at least one length, each above the one before."""

    def check(who: str, value: Any) -> tuple[Any, ...]:
        found = tuple(whole_or_amount(who, each, 1) for each in _several(who, value))
        _refuse_unsorted(who, value, found)
        return found

    return _argument(check, "lengths", default)


def number(  # noqa: PLR0913 - each says one thing about the range
    *,
    default: Any = MISSING,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
    optional: bool = False,
    hint: str = "",
) -> Any:
    """Declare a finite number with low <= it <= high and above < it < below."""
    words = _range(low, high, above, below)

    def check(who: str, value: Any) -> float | None:
        if value is None and optional:
            return None
        found = finite(who, value)
        if low <= found <= high and above < found < below:
            return found
        msg = f"{who}{words}, got {value!r}" + (f"; {hint}" if hint else "")
        raise ScheduleError(msg)

    return _argument(check, "number", default)


def numbers(*, default: Any = MISSING, low: float = -math.inf) -> Any:
    """Declare finite numbers, at least one, none below ``low``."""

    def check(who: str, value: Any) -> tuple[float, ...]:
        found = tuple(finite(who, each) for each in _several(who, value))
        if min(found) < low:
            msg = f"{who} >= {low:g}, got {value!r}"
            raise ScheduleError(msg)
        return found

    return _argument(check, "numbers", default)


def points(*, default: Any = MISSING) -> Any:
    """Declare points: pairs of a length and a number, at rising lengths."""

    def check(who: str, value: Any) -> tuple[tuple[Any, float], ...]:
        found = []
        for each in _several(who, value):
            pair = tuple(each) if isinstance(each, (tuple, list)) else ()
            if len(pair) != 2:
                msg = f"{who} as pairs of a step and a value, got {each!r}"
                raise ScheduleError(msg)
            step = whole_or_amount(f"{who} with steps", pair[0], 0)
            found.append((step, finite(f"{who} with values", pair[1])))
        _refuse_unsorted(who, value, [step for step, _ in found])
        return tuple(found)

    return _argument(check, "points", default)


def integer(*, default: Any = MISSING, least: int = 0, optional: bool = False) -> Any:
    """Declare a whole number that is no length, such as a seed."""

    def check(who: str, value: Any) -> int | None:
        if value is None and optional:
            return None
        unit = isinstance(value, (str, Amount))
        return whole(who, value, least, "; it counts no steps" if unit else "")

    return _argument(check, "number", default)


def choice(*, of: tuple[str, ...], default: Any = MISSING) -> Any:
    """Declare one of several words."""

    def check(who: str, value: Any) -> str:
        if isinstance(value, str) and value in of:
            return value
        msg = f"{who} to be one of {', '.join(map(repr, of))}, got {value!r}"
        raise ScheduleError(msg)

    return _argument(check, "choice", default)


def flag(*, default: bool) -> Any:
    """Declare True or False."""

    def check(who: str, value: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        msg = f"{who} to be True or False, got {value!r}"
        raise ScheduleError(msg)

    return _argument(check, "flag", default)


def derived() -> Any:
    """Declare what is computed from the arguments and is no argument itself."""
    return dataclasses.field(init=False, default=None, compare=False)


def needs(who: str, name: str) -> str:
    """Begin the message about an argument; a name that is a preposition is quoted."""
    return f"{who} needs {name!r}" if name in PREPOSITIONS else f"{who} needs {name}"


def whole(who: str, value: Any, least: int = 0, hint: str = "") -> int:
    """Return a whole number not below ``least``; 500.0 is one, 0.5 is not."""
    found = None
    if not isinstance(value, bool):
        try:
            found = operator.index(value)
        except TypeError:
            if isinstance(value, float) and value.is_integer():
                found = int(value)
    if found is None or found < least:
        msg = f"{who} to be a whole number >= {least}, got {value!r}{hint}"
        raise ScheduleError(msg)
    return found


def step_index(who: str, value: Any, least: int = 0) -> int:
    """Return a step that is asked about now, when no clock can be waited for."""
    hint = "; round it" if _fractional(value) else ""
    if isinstance(value, (str, Amount)):
        hint = "; a clock makes steps of a unit: Clock(…).steps('3ep')"
    return whole(who, value, least, hint)


def whole_or_amount(who: str, value: Any, least: int) -> Any:
    """Return steps, or text with a unit in its normal form."""
    if isinstance(value, (str, Amount)):
        return Amount.of(who, value).text
    hint = "; round it, or give a unit: '10%', '3ep'" if _fractional(value) else ""
    found = whole(who, value, least, hint)
    if found > LAST_STEP:
        msg = f"{who} <= 2**53, got {value!r}; a schedule without an end takes None"
        raise ScheduleError(msg)
    return found


def finite(who: str, value: Any) -> float:
    """Return a float that is neither NaN nor infinite."""
    found = None
    if not isinstance(value, (bool, str, bytes)):
        with suppress(TypeError, ValueError, OverflowError):
            found = float(value)
    if found is None:
        msg = f"{who} to be a number, got {value!r}"
        raise ScheduleError(msg)
    if not math.isfinite(found):
        msg = f"{who} to be finite, got {value!r}"
        raise ScheduleError(msg)
    return found


def _fractional(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value) and not value.is_integer()


def _several(who: str, value: Any) -> tuple[Any, ...]:
    if (
        isinstance(value, (str, bytes))
        or not isinstance(value, Iterable)
        or not (found := tuple(value))
    ):
        msg = f"{who} to be a list with at least one entry, got {value!r}"
        raise ScheduleError(msg)
    return found


def _refuse_unsorted(who: str, value: Any, steps: Iterable[Any]) -> None:
    """Refuse steps that do not rise; with units, their clock will tell."""
    steps = list(steps)
    in_steps = all(isinstance(each, int) for each in steps)
    if in_steps and any(later <= sooner for sooner, later in zip(steps, steps[1:])):
        msg = f"{who} in rising order, got {value!r}; sort them, each once"
        raise ScheduleError(msg)


def _range(low: float, high: float, above: float, below: float) -> str:
    lower = f">= {low:g}" if low > -math.inf else f"> {above:g}"
    upper = f"<= {high:g}" if high < math.inf else f"< {below:g}"
    ends = [lower] * (max(low, above) > -math.inf)
    ends += [upper] * (min(high, below) < math.inf)
    return " " + " and ".join(ends) if ends else ""
