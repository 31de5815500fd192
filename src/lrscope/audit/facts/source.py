"""Source: what the program itself says at a line, if it is as it was when it ran."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPS = (ast.For, ast.While, ast.AsyncFor)
BLOCKS = ("body", "orelse", "finalbody")
"""Where a statement holds others."""


@lru_cache(maxsize=256)
def tree_of(file: str, before: float) -> ast.Module | None:
    """Return a file's syntax tree; None if it cannot be read or changed since.

    Args:
        file: its path.
        before: when the process began that ran it, seconds since 1970.
    """
    text = text_of(file, before)
    try:
        return None if text is None else ast.parse(text)
    except (ValueError, SyntaxError, RecursionError):
        return None


def text_of(file: str, before: float) -> str | None:
    """Return what is written in a file, under the same conditions."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_mtime > before:
            return None  # a device would be read for ever
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def argument_at(site: tuple[str, int], before: float) -> str | None:
    """Return the first argument of the ``step`` call on a line, as it is written."""
    tree = tree_of(site[0], before)
    for call in _calls_of_step(tree, site[1]) if tree else ():
        given = [*call.args, *(each.value for each in call.keywords)]
        if given:
            return ast.unparse(given[0])
    return None


def loops_around(site: tuple[str, int], before: float) -> list[tuple[int, int]]:
    """Return the first and last lines of the loops around a line, outermost first.

    Only loops of the function that holds the line count.
    """
    tree = tree_of(site[0], before)
    found = loops_at(tree, site[1]) if tree else []
    return [(each.lineno, each.end_lineno or each.lineno) for each in found]


def loops_at(tree: ast.Module, line: int) -> list[ast.stmt]:
    """Return the loops around a line in its function, outermost first."""
    found: list[ast.stmt] = []
    node: ast.AST | None = tree
    while node is not None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found.clear()
        elif isinstance(node, LOOPS):
            found.append(node)
        node = next(
            (each for each in ast.iter_child_nodes(node) if _holds(each, line)), None
        )
    return found


def rounds_counted(site: tuple[str, int], before: float) -> Iterator[tuple[int, int]]:
    """Yield the loops that count to a variable which a call on a line is given.

    The first and last lines of ``for … in range(EPOCHS)``, for ``f(…, EPOCHS)``.
    """
    tree = tree_of(site[0], before)
    nodes = list(ast.walk(tree)) if tree else []
    calls = [each for each in nodes if isinstance(each, ast.Call)]
    given = {
        name for each in calls if _holds(each, site[1]) for name in _names_in(each)
    }
    for loop in nodes:
        if isinstance(loop, ast.For) and given & {
            name
            for each in ast.walk(loop.iter)
            if isinstance(each, ast.Call) and ast.unparse(each.func) == "range"
            for name in _names_in(each)
        }:
            yield loop.lineno, loop.end_lineno or loop.lineno


def _names_in(call: ast.Call) -> set[str]:
    """Return the variables that a call is given as they are."""
    values = [*call.args, *(each.value for each in call.keywords)]
    return {
        ast.unparse(each)
        for each in values
        if isinstance(each, (ast.Name, ast.Attribute))
    }


def beside(
    site: tuple[str, int], before: float
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Return what stands before and after a line's statement in its own block."""
    tree = tree_of(site[0], before)
    found: tuple[list[ast.stmt], list[ast.stmt]] = [], []
    for block in _blocks(tree) if tree else ():
        for index, each in enumerate(block):
            if _holds(each, site[1]):
                found = block[:index], block[index + 1 :]
    return found


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):  # from the outside inwards
        for name in BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _calls_of_step(tree: ast.AST, line: int) -> list[ast.Call]:
    return [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Call)
        if isinstance(each.func, ast.Attribute) and each.func.attr == "step"
        if _holds(each, line)
    ]


def _holds(node: ast.AST, line: int) -> bool:
    first = getattr(node, "lineno", None)
    last = getattr(node, "end_lineno", None)
    return first is not None and last is not None and first <= line <= last
