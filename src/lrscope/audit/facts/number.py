"""Numbers: what is one among the plain data of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def is_number(value: Any) -> TypeGuard[float]:
    """Say whether plain data is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def numbers(values: Iterable[Any] | None) -> list[float]:
    """Return those of some values that are numbers."""
    return [float(each) for each in values or () if is_number(each)]


def all_numbers(values: Sequence[Any]) -> list[float]:
    """Return some values if all of them are numbers, else none."""
    found = numbers(values)
    return found if len(found) == len(values) else []


def listed(value: Any) -> list[Any]:
    """Return what plain data lists: a list's members or a table's keys, else none."""
    return list(value) if isinstance(value, (list, dict)) else []


def as_number(value: Any) -> float | None:
    """Return a number, that which a text spells too: JSON holds some as text."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
