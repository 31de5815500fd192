"""Handwritten: the lines of a program that write a learning rate themselves.

A rate that changed though no scheduler was stepped was assigned to
``param_group["lr"]`` somewhere. A plain dictionary does not say who wrote to it,
so the source is searched for such assignments: first the functions that led to
the step, then their files, then the rest of the program.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from lrscope.sites import is_users, user_frames

if TYPE_CHECKING:
    from types import FrameType

MOST_FILES = 200
"""Source files searched at the most."""


def writers_of_rate(frame: FrameType) -> list[list[Any]]:
    """Return [file, line] of the assignments that may have written the rate.

    Args:
        frame: where the optimizer step was called from.

    Returns:
        the nearest candidates; empty if none was found.
    """
    frames = user_frames(frame)
    for each in frames:
        code = each.f_code
        lines = [
            line
            for line, first in assignments_in(code.co_filename)
            if first == code.co_firstlineno
        ]
        if lines:
            return [[code.co_filename, line] for line in lines]
    files = dict.fromkeys(each.f_code.co_filename for each in frames)
    for name in files:
        lines = [line for line, _ in assignments_in(name)]
        if lines:
            return [[name, line] for line in lines]
    for name in _program_files()[:MOST_FILES]:
        lines = [line for line, _ in assignments_in(name)]
        if lines:
            return [[name, line] for line in lines]
    return []


@cache
def assignments_in(name: str) -> list[tuple[int, int]]:
    """Return (line, first line of its function) of writes to a rate."""
    try:
        tree = ast.parse("".join(linecache.getlines(name)))
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: list[tuple[int, int]] = []
    _search(tree, 1, found)
    return found


def _search(node: ast.AST, function: int, found: list[tuple[int, int]]) -> None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        function = min(each.lineno for each in (node, *node.decorator_list))
    if _writes_rate(node):
        found.append((node.lineno, function))  # type: ignore[attr-defined]
    for child in ast.iter_child_nodes(node):
        _search(child, function, found)


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
    )


def _is_rate(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return any(_is_rate(each) for each in target.elts)
    if not isinstance(target, ast.Subscript):
        return False
    key = target.slice
    inner = getattr(key, "value", key)  # Python 3.8 wrapped it in ast.Index
    return inner == "lr" or getattr(inner, "value", None) == "lr"


def _program_files() -> list[str]:
    """Return the program's own files, then installed ones about schedules."""
    names = [getattr(each, "__file__", None) for each in list(sys.modules.values())]
    sources = [name for name in names if isinstance(name, str) and name.endswith(".py")]
    own = [name for name in sources if is_users(name)]
    return own + [name for name in sources if _is_about_schedules(name)]


def _is_about_schedules(name: str) -> bool:
    installed = "site-packages" in name or "dist-packages" in name
    about = "sched" in os.path.basename(name) or "optim" in name
    return installed and about and f"{os.sep}torch{os.sep}" not in name
