"""Handwritten: the lines of a program that write a learning rate themselves.

A rate that changed though no scheduler was stepped was assigned to
``param_group["lr"]`` somewhere. A plain dictionary does not say who wrote to it,
so the source is searched for such assignments: first the functions that led to
the step, then the optimizer's own step, their files and the rest of the program, then
installed ones about schedules. A method counts if its class has an instance.
"""

from __future__ import annotations

import ast
import gc
import inspect
import linecache
import os
import sys
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from lrscope.sites import defined_at, is_users, user_frames

if TYPE_CHECKING:
    from types import FrameType

MOST_FILES = 200
"""Source files searched at the most."""


def writers_of_rate(frame: FrameType, optimizer: Any = None) -> list[list[Any]]:
    """Return [file, line] of the assignments that may have written the rate.

    Args:
        frame: where the optimizer step was called from.
        optimizer: whose rate it is; its own ``step`` may write it.

    Returns:
        the nearest candidates; empty if none was found.
    """
    frames = user_frames(frame)
    for each in frames:
        code = each.f_code
        lines = [
            found.line
            for found in assignments_in(code.co_filename)
            if found.function == code.co_firstlineno
        ]
        if lines:
            return [[code.co_filename, line] for line in lines]
    alive = _Alive()
    own = _in_step_of(optimizer)
    files = dict.fromkeys(each.f_code.co_filename for each in frames)
    program, installed = _program_files()
    for name in [*files, *program][:MOST_FILES]:
        lines = [each.line for each in assignments_in(name) if alive.may_run(each)]
        if lines:
            own += [[name, line] for line in lines if [name, line] not in own]
            return own
    if own:
        return own
    for name in installed[:MOST_FILES]:
        lines = [each.line for each in assignments_in(name) if alive.runs(each)]
        if lines:
            return [[name, line] for line in lines]
    return []


class Assignment(NamedTuple):
    """A write to a rate.

    Attributes:
        line: of the write.
        function: first line of its function.
        owner: qualified name of the class whose instances run it; "" if none need be.
    """

    line: int
    function: int
    owner: str


class _Alive:
    """Knows of which classes there are instances; looked for when first asked."""

    def __init__(self) -> None:
        self._optimizers: dict[str, bool] | None = None  # by name: whether it is one

    def may_run(self, found: Assignment) -> bool:
        """Say whether what an assignment belongs to has an instance or needs none."""
        return not found.owner or found.owner in self._classes()

    def runs(self, found: Assignment) -> bool:
        """Say whether it has an instance and is no optimizer."""
        return self._classes().get(found.owner) is False

    def _classes(self) -> dict[str, bool]:
        if self._optimizers is None:
            base = sys.modules["torch.optim.optimizer"].Optimizer
            # in C from end to end, so that no other thread runs meanwhile: a tuple that
            # one is making must not be held here, or CPython refuses to resize it
            objects = chain.from_iterable(map(gc.get_objects, (None,)))
            types = {id(each): each for each in list(map(type, objects))}
            name_of = vars(type)["__qualname__"].__get__  # a metaclass may have another
            self._optimizers = {
                name_of(each): base in made.__mro__
                for made in types.values()
                for each in made.__mro__
            }
        return self._optimizers


def _in_step_of(optimizer: Any) -> list[list[Any]]:
    """Return the assignments in the step of an optimizer's own class."""
    for each in type(optimizer).__mro__:
        step = vars(each).get("step")
        if step is not None:
            name, first = defined_at(inspect.unwrap(step))
            return [
                [name, found.line]
                for found in assignments_in(name)
                if found.function == first
            ]
    return []


@cache
def assignments_in(name: str) -> list[Assignment]:
    """Return the writes to a rate in a file."""
    try:
        tree = ast.parse("".join(linecache.getlines(name)))
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: list[Assignment] = []
    _search(tree, Assignment(0, 1, ""), (), found)
    return found


def _search(
    node: ast.AST, within: Assignment, names: tuple[str, ...], found: list[Assignment]
) -> None:
    """Collect the writes below a node.

    Args:
        node: of the syntax tree.
        within: line of its function and the class of that.
        names: of what it stands in, as in a qualified name.
        found: what was found so far.
    """
    if isinstance(node, ast.ClassDef):
        names = (*names, node.name)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        first = min(each.lineno for each in (node, *node.decorator_list))
        is_method = bool(names) and names[-1] != "<locals>"
        owner = ".".join(names) if is_method and not _is_static(node) else ""
        within = Assignment(0, first, owner or within.owner)
        names = (*names, node.name, "<locals>")
    if _writes_rate(node):
        found.append(within._replace(line=node.lineno))  # type: ignore[attr-defined]
    for child in ast.iter_child_nodes(node):
        _search(child, within, names, found)


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(each, ast.Name) and each.id in {"classmethod", "staticmethod"}
        for each in node.decorator_list
    )


def _writes_rate(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return any(_is_rate(target) for target in node.targets)
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        return _is_rate(node.target)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "update"
        and any(keyword.arg == "lr" for keyword in node.keywords)
        and _may_be_group(node.func.value)
    )


def _may_be_group(node: ast.expr) -> bool:
    """Say whether an expression may stand for a group, not for a logger."""
    while isinstance(node, ast.Subscript):
        node = node.value
    name = getattr(node, "id", getattr(node, "attr", ""))
    return name in {"g", "pg", "param"} or "group" in name


def _is_rate(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return any(_is_rate(each) for each in target.elts)
    if not isinstance(target, ast.Subscript):
        return False
    key = target.slice
    inner = getattr(key, "value", key)  # Python 3.8 wrapped it in ast.Index
    return inner == "lr" or getattr(inner, "value", None) == "lr"


def _program_files() -> tuple[list[str], list[str]]:
    """Return the program's own files, and installed ones about schedules."""
    names = [getattr(each, "__file__", None) for each in list(sys.modules.values())]
    sources = [name for name in names if isinstance(name, str) and name.endswith(".py")]
    own = [name for name in sources if is_users(name)]
    return own, [name for name in sources if _is_about_schedules(name)]


def _is_about_schedules(name: str) -> bool:
    installed = "site-packages" in name or "dist-packages" in name
    about = "sched" in os.path.basename(name) or "optim" in name
    return installed and about and f"{os.sep}torch{os.sep}" not in name
