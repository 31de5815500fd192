"""Made: an optimizer or a scheduler, known by the call that makes it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Union

from lrscope.check.known import OPTIMIZERS, PARAMETERS

NOT_GIVEN = ast.Constant(value=None)
"""Stands for an argument that a call does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What one call makes, however often it runs.

    Attributes:
        name: of the class, or of the function that makes it.
        call: the call.
    """

    name: str
    call: ast.Call

    @property
    def is_optimizer(self) -> bool:
        """Whether it is an optimizer; else it is a scheduler."""
        return self.name in OPTIMIZERS

    def argument(self, name: str) -> ast.expr | None:
        """Return what the call gives for a parameter; `NOT_GIVEN`; None: unclear."""
        return argument_of(self.call, PARAMETERS[self.name], name)


def argument_of(call: ast.Call, order: tuple[str, ...], name: str) -> ast.expr | None:
    """Return what a call gives for a parameter; `NOT_GIVEN`; None if it is unclear."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    starred = any(isinstance(each, ast.Starred) for each in call.args)
    place = order.index(name) if name in order else len(call.args)
    if not starred and place < len(call.args):
        return call.args[place]
    unclear = starred or any(each.arg is None for each in call.keywords)
    return None if unclear else NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """One of several known things, or None: what an expression can be.

    Attributes:
        made: the optimizers and schedulers that it can be.
    """

    made: frozenset[Made] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """A tuple of values."""

    items: tuple[Value, ...]


Value = Union[Some, Several, None]
"""What an expression can be; None: nobody knows."""

NOTHING = Some()
"""Python's None, or no value yet."""


def either(one: Value, other: Value) -> Value:
    """Return what something is that is one or the other."""
    if one is None or other is None:
        return None
    if isinstance(one, Some) and isinstance(other, Some):
        return Some(made=one.made | other.made)
    if NOTHING in (one, other):
        return other if one == NOTHING else one
    if not (isinstance(one, Several) and isinstance(other, Several)):
        return None
    if len(one.items) != len(other.items):
        return None
    pairs = zip(one.items, other.items, strict=True)
    return Several(items=tuple(either(*each) for each in pairs))


def members(value: Value) -> frozenset[Made]:
    """Return everything that is in a value."""
    if isinstance(value, Some):
        return value.made
    if isinstance(value, Several):
        return frozenset().union(*(members(each) for each in value.items))
    return frozenset()
