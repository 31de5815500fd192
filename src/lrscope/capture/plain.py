"""Plain: objects of a training script as data that JSON can hold."""

from __future__ import annotations

import functools
import math
import numbers
from typing import Any, Callable

LONGEST = 1000
"""Items of a list or characters of a text that are written down."""


def plain(  # noqa: PLR0911 - one line for each kind of object
    value: Any, refer: Callable[[Any], Any] = lambda _: None, depth: int = 4
) -> Any:
    """Return ``value`` as None, bool, number, text, list or dict.

    Args:
        value: anything.
        refer: returns a reference to objects that have one, such as
            ``{"optimizer": 0}``, and None for all others.
        depth: how many levels of containers are written down.
    """
    if value is None or isinstance(value, (bool, str)):
        return value[:LONGEST] if isinstance(value, str) else value
    if isinstance(value, numbers.Number):
        return number(value)
    reference = refer(value)
    if reference is not None:
        return reference
    if isinstance(value, dict) and depth:
        pairs = list(value.items())[:LONGEST]
        return {str(k): plain(v, refer, depth - 1) for k, v in pairs}
    if isinstance(value, (list, tuple, set, frozenset, range)) and depth:
        return [plain(each, refer, depth - 1) for each in list(value)[:LONGEST]]
    if isinstance(value, functools.partial):
        inner = plain(value.func, refer, depth)
        inner["arguments"] = plain(
            {**dict(enumerate(value.args)), **value.keywords}, refer, depth
        )
        return inner
    if callable(value) and hasattr(value, "__code__"):
        code = value.__code__
        name = f"{value.__module__}.{value.__qualname__}"
        told = {"callable": name, "where": [code.co_filename, code.co_firstlineno]}
        held = _numbers_held(value)
        return {**told, "holds": held} if held else told
    if _is_one_number_on_the_host(value):
        return number(value.item())
    kind = type(value)
    return {"type": f"{kind.__module__}.{kind.__qualname__}"}


def _numbers_held(function: Any) -> dict[str, Any]:
    """Return the numbers that a function takes from where it was made, by name."""
    code, known = function.__code__, getattr(function, "__globals__", {})
    held = {name: known[name] for name in code.co_names if name in known}
    held.update(zip(code.co_freevars, map(_content, function.__closure__ or ())))
    kinds = (int, float)
    return {k: number(v) for k, v in held.items() if type(v) in kinds}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def number(value: Any) -> Any:
    """Return a number as int or float; a float that JSON lacks as its name."""
    if isinstance(value, numbers.Integral):
        return int(value)
    try:
        real = float(value)
    except (TypeError, ValueError, OverflowError):
        return repr(value)
    return real if math.isfinite(real) else repr(real)


def _is_one_number_on_the_host(value: Any) -> bool:
    device = getattr(value, "device", None)
    return getattr(device, "type", None) == "cpu" and value.numel() == 1
