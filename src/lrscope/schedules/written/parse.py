"""Reads the text form of a schedule. Nothing in it is run."""

from __future__ import annotations

import ast
import difflib
import inspect
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

from lrscope.errors import ScheduleError
from lrscope.schedules.amount import with_unit
from lrscope.schedules.catalogue import CALLABLE
from lrscope.schedules.schedule import Schedule
from lrscope.schedules.written.elsewhere import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeGuard

METHODS = (
    "absolute",
    "clip",
    "extend",
    "hold",
    "maximum",
    "minimum",
    "repeat",
    "replan",
    "reverse",
    "shift",
    "stretch",
)
"""Methods of a schedule that give a schedule."""

_JOIN: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.RShift: operator.rshift,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}

_ALIASES = {"min": "minimum", "max": "maximum"}


def parse(text: str) -> Schedule:
    """Return the schedule that a text describes.

    Args:
        text: As in Python: calls of shapes and recipes with literal arguments,
            ``>>``, ``*``, ``/``, ``+``, ``-``, slices, methods, ``min`` and ``max``.

    Raises:
        ScheduleError: If the text is no schedule; the message shows the column.

    >>> import lrscope
    >>> lrscope.schedules.parse("warmup(500) >> cosine(9_500, floor=0.1)").length
    10000
    """
    if not isinstance(text, str):
        msg = f"parse needs a schedule as text, got {text!r}"  # type: ignore[unreachable]
        raise ScheduleError(msg)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        _Reader(text.strip()).refuse_syntax(error)
    except (ValueError, RecursionError, MemoryError) as error:
        msg = f"this text cannot be read as a schedule: {error}"
        raise ScheduleError(msg) from None
    reader = _Reader(text.strip())
    try:
        found = reader.read(tree.body)
    except RecursionError:
        msg = "this text is nested too deeply to be read as a schedule"
        raise ScheduleError(msg) from None
    if not isinstance(found, Schedule):
        several = isinstance(found, tuple)
        hint = "join its parts with >>" if several else "did you mean constant()?"
        reader.refuse(tree.body, f"{found!r} is no schedule; {hint}")
    return found


class _Reader:
    """Turns the tree of an expression into a schedule."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines() or [""]

    def read(self, node: ast.expr) -> Any:
        """Return the schedule, number, word or list that a node stands for."""
        reading = getattr(self, f"_{type(node).__name__.lower()}", None)
        if reading is None:
            self.refuse(node, "this is not part of the text form of a schedule")
        try:
            return reading(node)
        except ScheduleError as error:
            if "^" in str(error):
                raise
            self.refuse(node, str(error))

    def refuse(self, node: ast.expr | ast.keyword, reason: str) -> NoReturn:
        """Raise an error that points at a node."""
        line = self.lines[node.lineno - 1].encode()
        self.refuse_at(node.lineno, len(line[: node.col_offset].decode()), reason)

    def refuse_syntax(self, error: SyntaxError) -> NoReturn:
        """Raise an error where Python finds the text wrong, which may be its end."""
        line, column = error.lineno or 1, (error.offset or 0) - 1
        if column < 0:
            line, column = len(self.lines), len(self.lines[-1])
        for found in with_unit(self.lines[line - 1]):
            if found.start() <= column <= found.end():
                reason = f'a length with a unit stands in quotes: "{found[0]}"'
                self.refuse_at(line, found.start(), reason)
        self.refuse_at(line, min(column, len(self.lines[line - 1])), error.msg)

    def refuse_at(self, line: int, column: int, reason: str) -> NoReturn:
        """Raise an error that points at a column, counted from 0."""
        shown = self.lines[min(line, len(self.lines)) - 1]
        msg = f"{reason} (column {column + 1})\n  {shown}\n  {' ' * column}^"
        raise ScheduleError(msg) from None

    def _constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, (bytes, complex)) or node.value is ...:
            self.refuse(node, f"{node.value!r} is no number, word or list")
        return node.value

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        found = self.read(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(found, Schedule):
            return -found
        if isinstance(node.op, (ast.USub, ast.UAdd)) and _is_number(found):
            return -found if isinstance(node.op, ast.USub) else found
        return self.refuse(node, "a sign can only stand before a number or a schedule")

    def _list(self, node: ast.List | ast.Tuple) -> tuple[Any, ...]:
        return tuple(self.read(each) for each in node.elts)

    _tuple = _list

    def _name(self, node: ast.Name) -> NoReturn:
        if node.id in CALLABLE:
            self.refuse(node, f"{node.id} needs its arguments: {_signature(node.id)}")
        self._unknown(node, node.id, "schedule", CALLABLE)

    def _binop(self, node: ast.BinOp) -> Any:
        left, right = self.read(node.left), self.read(node.right)
        one = isinstance(left, Schedule) or isinstance(right, Schedule)
        join = _JOIN.get(type(node.op))
        if join and one and (isinstance(left, Schedule) or join is not operator.rshift):
            return join(left, right)
        if isinstance(node.op, ast.Div) and right and _whole(left) and _whole(right):
            return Fraction(left, right)
        return self.refuse(
            node, "schedules are joined by >>, *, /, + and -; numbers are literals"
        )

    def _compare(self, node: ast.Compare) -> NoReturn:
        self.refuse(node.comparators[0], "parts are joined with >>, one after another")

    def _subscript(self, node: ast.Subscript) -> Any:
        found = self.read(node.value)
        if not isinstance(found, Schedule) or not isinstance(node.slice, ast.Slice):
            self.refuse(node, "a slice of a schedule is written schedule[100:200]")
        ends = (node.slice.lower, node.slice.upper, node.slice.step)
        return found[slice(*(each and self.read(each) for each in ends))]

    def _call(self, node: ast.Call) -> Any:
        if _is_of_library(node.func):
            target = self._target(node, node.func.attr)
        elif isinstance(node.func, ast.Attribute):
            owner = self.read(node.func.value)
            if not isinstance(owner, Schedule) or node.func.attr not in METHODS:
                self._unknown(node, node.func.attr, "method", METHODS)
            target = getattr(owner, node.func.attr)
        elif isinstance(node.func, ast.Name):
            target = self._target(node, node.func.id)
        else:
            self.refuse(node, "only schedules and their methods can be called")
        arguments = [self.read(each) for each in node.args]
        if any(each.arg is None for each in node.keywords):
            self.refuse(node, "** cannot be used here; write the arguments")
        named: dict[str, Any] = {}
        for each in node.keywords:
            if each.arg in named:
                self.refuse(each, f"{each.arg} is given twice; leave one out")
            named[str(each.arg)] = self.read(each.value)
        if target in (CALLABLE["minimum"], CALLABLE["maximum"]):
            return self._folded(node, target.__name__, arguments)
        try:
            inspect.signature(target).bind(*arguments, **named)
        except TypeError as error:
            name = target.__name__
            self.refuse(node, f"{name}: {error}; it is {_signature(target)}")
        return target(*arguments, **named)

    def _target(self, node: ast.Call, word: str) -> Any:
        """Return the function of a name."""
        name = _ALIASES.get(word, word)
        if name not in CALLABLE:
            self._unknown(node, name, "schedule", CALLABLE)
        return CALLABLE[name]

    def _folded(self, node: ast.Call, name: str, parts: list[Any]) -> Any:
        """Read minimum(a, b, …): the first schedule takes in all others."""
        chosen = next((each for each in parts if isinstance(each, Schedule)), None)
        if chosen is None or len(parts) < 2:
            self.refuse(node, f"{name} needs a schedule and something to compare with")
        first, *others = parts
        for each in others:
            one, other = (first, each) if isinstance(first, Schedule) else (each, first)
            first = getattr(one, name)(other)
        return first

    def _unknown(self, node: ast.expr, name: str, what: str, known: Any) -> NoReturn:
        close = difflib.get_close_matches(name, list(known), n=1)
        if ELSEWHERE.get(name) in known:
            close = [ELSEWHERE[name]]
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        self.refuse(node, f"there is no {what} {name!r}; {hint}")


def _is_of_library(function: ast.expr) -> TypeGuard[ast.Attribute]:
    """Say whether it is written ``lrscope.cosine``, as in Python."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id == "lrscope"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Fraction)) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _signature(target: Any) -> str:
    if isinstance(target, str):
        target = CALLABLE[target]
    words = []
    for each in inspect.signature(target).parameters.values():
        required = each.default is inspect.Parameter.empty
        words.append(each.name if required else f"{each.name}={each.default!r}")
    return f"{target.__name__}({', '.join(words)})"
