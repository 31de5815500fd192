"""Gated: whether a program steps a scheduler only where it validates, by its source."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from lrscope.audit.facts.source import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrscope.audit.facts.scheduler import Scheduler

VALIDATES = re.compile(r"(^|_)(eval|evaluate|valid|validate|validation|val|test)(_|$)")


def stands_where_validation_is(scheduler: Scheduler) -> bool:
    """Say whether every line that steps it stands under ``if count % every`` or alike.

    It is where the same block calls something to validate with.
    """
    started = scheduler.training.started
    trees = [(tree_of(file, started), line) for file, line in scheduler.sites]
    return bool(trees) and all(tree and _is_gated(tree, line) for tree, line in trees)


def _is_gated(tree: ast.Module, line: int) -> bool:
    return any(
        _counts(each.test) and _validates(each.body)
        for each in ast.walk(tree)
        if isinstance(each, ast.If)
        if each.body[0].lineno <= line <= (each.body[-1].end_lineno or 0)
    )


def _counts(test: ast.expr) -> bool:
    """Say whether a condition holds every so often."""
    return any(isinstance(each, ast.Mod) for each in ast.walk(test))


def _validates(block: Iterable[ast.stmt]) -> bool:
    calls = [e for s in block for e in ast.walk(s) if isinstance(e, ast.Call)]
    names = [getattr(e.func, "attr", getattr(e.func, "id", "")) for e in calls]
    return any(VALIDATES.search(name) for name in names)
