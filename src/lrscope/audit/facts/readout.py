"""Readout: where a program reads the rate to show it, as its source says."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lrscope.audit.facts.source import beside, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.facts.scheduler import Scheduler

RATES = ("get_last_lr", "param_groups")
SHOWS = (
    "print",
    "write",
    "writerow",
    "info",
    "debug",
    "log",
    "log_metric",
    "log_dict",
    "log_metrics",
    "add_scalar",
    "set_postfix",
    "set_description",
    "append",
    "report_scalar",
)
"""What programs show numbers with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """One place where a rate is shown.

    Attributes:
        where: file and line.
        index: of the only group that is read; None if it is not one.
    """

    where: tuple[str, int]
    index: int | None


def shown_after_step(scheduler: Scheduler) -> list[Readout]:
    """Return where the rate is shown after the scheduler's step and before the next.

    Only what stands beside the step in its own block is seen; nothing if the optimizer
    is stepped in between.
    """
    started, found = scheduler.training.started, []
    for site in scheduler.sites:
        _, after = beside(site, started)
        held: dict[str, int | None] = {}
        for statement in after:
            if _steps(statement):
                break
            held.update(_held(statement))
            found += list(_readouts(statement, site[0], held))
    return found


def shown(scheduler: Scheduler) -> tuple[list[Readout], bool]:
    """Return where the files that step a scheduler show rates, and whether all do.

    The second is true if something reads the rates of all groups, one by one.
    """
    files = dict.fromkeys(site[0] for site in scheduler.sites)
    several = [_shown_in(each, scheduler.training.started) for each in files]
    found = [each for readouts, _ in several for each in readouts]
    return found, any(goes_round for _, goes_round in several)


@lru_cache(maxsize=256)
def _shown_in(file: str, started: float) -> tuple[tuple[Readout, ...], bool]:
    tree = tree_of(file, started)
    if tree is None:
        return (), False
    found = tuple(_readouts(tree, file, _held(tree)))
    return found, any(map(_goes_round, ast.walk(tree)))


def _readouts(
    node: ast.AST, file: str, held: dict[str, int | None]
) -> Iterator[Readout]:
    """Yield where rates are shown.

    Args:
        node: in which to look.
        file: that it is from.
        held: variables that hold a rate, and which.
    """
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and _name(call.func) in SHOWS:
            for each in ast.walk(call):
                name = _name(each)
                if name in RATES or (isinstance(each, ast.Name) and name in held):
                    index = _index(call) if name in RATES else held[str(name)]
                    yield Readout(where=(file, call.lineno), index=index)
                    break


def _held(node: ast.AST) -> dict[str, int | None]:
    """Return the variables that are given a rate in a statement, and which."""
    return {
        target.id: _index(each.value)
        for each in ast.walk(node)
        if isinstance(each, ast.Assign) and any(map(_is_rate, ast.walk(each.value)))
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _is_rate(node: ast.AST) -> bool:
    return _name(node) in RATES


def _index(read: ast.AST) -> int | None:
    """Return the whole number that rates are picked by where they are read."""
    for each in ast.walk(read):
        if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Constant):
            inner = each.value.func if isinstance(each.value, ast.Call) else each.value
            if _name(inner) in RATES and isinstance(each.slice.value, int):
                return each.slice.value
    return None


def _goes_round(node: ast.AST) -> bool:
    """Say whether a loop goes through groups and reads a rate of each."""
    if isinstance(node, (ast.For, ast.comprehension)):
        over = any(_name(each) in RATES for each in ast.walk(node.iter))
        writes = isinstance(node, ast.For) and any(
            isinstance(each, (ast.Assign, ast.AugAssign)) for each in node.body
        )
        return over and not writes
    return False


def _steps(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Call) and _name(each.func) == "step"
        for each in ast.walk(node)
    )


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
