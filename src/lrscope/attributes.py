"""Attributes: those of an object, read without changing how Python keeps them.

CPython 3.11 and 3.12 keep the attributes of an object without a dict until somebody
asks for one: `vars`, ``__dict__``, `copy`, `dir`. From then on every access to that
object, by whatever code, is the slow one: torch's own step of an AdamW and a scheduler
takes 35,000 instructions more, about 10 µs (docs/decisions/0026).
"""

from __future__ import annotations

import gc
import inspect
from collections import Counter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 8
"""Wrappers round a function that are looked into."""

_NOTHING = object()

_names: WeakKeyDictionary[type, list[str]] = WeakKeyDictionary()
"""Of the attributes that objects of a class may have, the likely ones first."""


def attributes_of(holder: Any) -> dict[str, Any]:
    """Return the attributes of an object, as `vars` does.

    What the object refers to is told by the garbage collector, without names. They are
    looked for in the code of its class. If that does not name all, `vars` is asked.
    """
    kind = type(holder)
    names = _names.get(kind) or _names_in(kind)
    unnamed = Counter(map(id, gc.get_referents(holder)))
    unnamed[id(kind)] -= 1
    left = sum(unnamed.values())
    found: dict[str, Any] = {}
    for name in names:
        if not left:
            break
        value = _value_of(holder, name)
        if unnamed[id(value)] > 0:
            unnamed[id(value)] -= 1
            left -= 1
            found[name] = value
    if left:
        every: dict[str, Any] = vars(holder)
        return every
    if kind not in _names:
        _names[kind] = [*found, *(each for each in names if each not in found)]
    return found


def values_of(holder: Any) -> list[Any]:
    """Return, once each, what an object, and lists, tuples and dicts in it, hold."""
    found: dict[int, Any] = {}
    for each in gc.get_referents(holder):
        found.update((id(value), value) for value in _opened(each))
        if isinstance(each, dict):  # perhaps the one of its attributes
            for inner in list(each.values()):
                found.update((id(value), value) for value in _opened(inner))
    return list(found.values())


def _opened(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        yield from value
    elif isinstance(value, dict):
        yield from list(value.values())
    else:
        yield value


def _names_in(kind: type) -> list[str]:
    """Return the names that a class and its functions use, those of its own last."""
    used: dict[str, None] = {}
    own: dict[str, None] = {}
    for base in kind.__mro__[:-1]:
        own.update(dict.fromkeys(vars(base)))
        for each in list(vars(base).values()):
            function, depth = each, 0
            while callable(function) and depth < DEEPEST:
                if inspect.isfunction(function):
                    used.update(dict.fromkeys(function.__code__.co_names))
                function = inspect.getattr_static(function, "__wrapped__", None)
                depth += 1
    return [*(name for name in used if name not in own), *own]


def _value_of(holder: Any, name: str) -> Any:
    """Return what is found in an object or its class, running no code of them."""
    kinds = type(holder).__mro__
    general = next((vars(each)[name] for each in kinds if name in vars(each)), None)
    if hasattr(type(general), "__set__"):
        return _NOTHING
    try:
        return object.__getattribute__(holder, name)
    except AttributeError:
        return _NOTHING
