"""Rounds: how many passes there are, where the command or the source says so."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.source import loops_at, tree_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.site import Site
    from lrscope.audit.facts.training import Training

Told = tuple[int, str]
"""A number of passes, and what says so, in words."""

OPTION = re.compile(r"-{0,2}(?:num[_-]?)?(?:train[_-]?|max[_-]?)?epochs", re.IGNORECASE)
"""Options of a command that say how many passes there will be."""

RANGES = ("range", "trange")
AROUND = ("tqdm", "enumerate", "track")
"""Functions that count, and those that only show or number the rounds."""


def told_by_command(training: Training) -> Told | None:
    """Return the passes that an option such as ``--epochs 20`` asks for."""
    words = training.process.command
    for word, after in zip(words, (*words[1:], "")):
        name, equals, value = word.partition("=")
        number = value if equals else after
        if OPTION.fullmatch(name) and number.isdecimal():
            return int(number), f"{name} {number}"
    return None


def told_around(site: Site, started: float, outside: Site | None = None) -> list[Told]:
    """Return how often the loops around a line are run, by their literal ranges.

    Args:
        site: the line; a loop that begins there is not around it.
        started: when the process began that ran it, seconds since 1970.
        outside: loops that hold this line too do not count.

    Returns:
        Outermost first; a loop that no literal counts has 0 rounds.
    """
    file, line = site
    tree = tree_of(file, started)
    if tree is None:
        return []
    beyond = outside[1] if outside and outside[0] == file else 0
    found = [
        _range_of(loop, tree) or 0
        for loop in loops_at(tree, line)
        if loop.lineno < line
        if not loop.lineno <= beyond <= (loop.end_lineno or 0)
    ]
    return [(each, f"range({each}) around {Path(file).name}:{line}") for each in found]


def passes_by_hand(scheduler: Scheduler) -> int | None:
    """Return the passes of a program that cuts its batches itself; None if unknown.

    It must step the scheduler in a loop within one of a known number of rounds, in
    each of them as often.
    """
    training, calls = scheduler.training, scheduler.calls.size
    if len(scheduler.sites) != 1:
        return None
    (site,) = scheduler.sites
    around = told_around(site, training.started, outside=scheduler.event.where)
    told = told_by_command(training) or (around[0] if len(around) == 2 else None)
    if not around or told is None or not told[0] or calls % told[0]:
        return None
    return told[0]


def _range_of(loop: ast.stmt, tree: ast.Module) -> int | None:
    """Return how often ``for … in range(N)`` goes around; None if N is not known."""
    over: Any = getattr(loop, "iter", None)
    while _calls(over, AROUND):
        over = over.args[0]
    if not _calls(over, RANGES) or len(over.args) > 2:
        return None
    stop = _number(over.args[-1], tree)
    start = _number(over.args[0], tree) if len(over.args) > 1 else 0
    return None if start is None or stop is None else max(0, stop - start)


def _calls(node: Any, names: Collection[str]) -> bool:
    """Say whether an expression calls one of some functions with an argument."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    return getattr(node.func, "id", getattr(node.func, "attr", "")) in names


def _number(node: ast.expr, tree: ast.Module) -> int | None:
    """Return a literal, that which the only assignment to a name gives it, or a sum."""
    if isinstance(node, ast.Name):
        bound = [
            each
            for each in ast.walk(tree)
            if getattr(each, "arg", None) == node.id
            or (
                isinstance(each, ast.Name)
                and each.id == node.id
                and not isinstance(each.ctx, ast.Load)
            )
        ]
        values = [
            each.value
            for each in tree.body
            if isinstance(each, ast.Assign)
            if [getattr(target, "id", None) for target in each.targets] == [node.id]
        ]
        if len(bound) != 1 or len(values) != 1:
            return None
        node = values[0]
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        left, right = _number(node.left, tree), _number(node.right, tree)
        if left is None or right is None:
            return None
        return left + right if isinstance(node.op, ast.Add) else left - right
    is_number = isinstance(node, ast.Constant) and type(node.value) is int
    return node.value if is_number else None  # type: ignore[attr-defined]
