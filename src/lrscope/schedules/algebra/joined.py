"""Schedules and numbers joined by an operator."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules.algebra.changed import quotient
from lrscope.schedules.algebra.combined import maximum, minimum, product, total
from lrscope.schedules.schedule import Schedule
from lrscope.schedules.shapes.constant import constant

if TYPE_CHECKING:
    from collections.abc import Callable


def joined(operation: str, one: Any, other: Any) -> Schedule:
    """Join two schedules, or a schedule and a number, by an operation's name.

    Raises:
        ScheduleError: If one of them is something else, or if they do not go together.
    """
    if operation == "quotient":
        return quotient(one, _number("divided by", other))
    if operation == "difference":
        known = isinstance(other, Schedule)
        return joined("total", one, -(other if known else _number(_JOINED, other)))
    rates = any(isinstance(each, Schedule) and each.is_rate for each in (one, other))
    as_rate = rates and operation != "product"
    return _NODES[operation](tuple(_lifted(each, as_rate) for each in (one, other)))


_NODES: dict[str, Callable[..., Schedule]] = {
    each.__name__: each for each in (product, total, minimum, maximum)
}

_JOINED = "joined with a schedule or"


def _lifted(other: Any, as_rate: bool) -> Schedule:  # noqa: FBT001 - it has no other
    """Return a schedule; for a number the constant, as a factor or as a rate."""
    if isinstance(other, Schedule):
        return other
    found = constant(_number(_JOINED, other))
    return found.absolute() if as_rate else found


def _number(how: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, Real):
        msg = f"a schedule can be {how} a number, got {value!r}"
        raise ScheduleError(msg)
    return value
