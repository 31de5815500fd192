"""Memory: what a function of LambdaLR remembered, and no state dictionary holds."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.nearness import are_two
from lrscope.audit.facts.source import tree_of

if TYPE_CHECKING:
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.facts.group import Group


def forgets(continued: Continued) -> tuple[float, float] | None:
    """Return the rates before and after what a function knew was lost; None if not.

    It is where the function does not look at the step, and the first step of the
    scheduler after the resume sets the very first rate of the training again, which
    had been left for good.
    """
    before = continued.before
    if before is None or continued.load is None or continued.has_new_base:
        return None
    if not all(_looks_elsewhere(each, continued) for each in _functions(continued)):
        return None
    moved = continued.now.at_updates > continued.start
    ours, theirs = continued.scheduler.groups, before.groups
    if not _functions(continued) or not moved.any() or len(ours) != len(theirs):
        return None
    first = int(moved.argmax())
    lost = [_lost(*pair, first) for pair in zip(ours, theirs, strict=True)]
    return lost[0] if lost and all(lost) else None


def _lost(now: Group, then: Group, update: int) -> tuple[float, float] | None:
    if update >= now.applied.size or now.begins or then.begins:
        return None
    first, last = float(then.applied[0]), float(then.applied[-1])
    again = float(now.applied[update])
    left = then.applied[int(np.argmax(then.applied != first)) :]
    if are_two(again, first) or not are_two(first, last) or (left == first).any():
        return None
    return last, again


def _functions(continued: Continued) -> list[dict[str, Any]]:
    event = continued.scheduler.event
    given = event.arguments.get("lr_lambda") if event.class_name == "LambdaLR" else None
    each = given if isinstance(given, list) else [given]
    return [function for function in each if isinstance(function, dict)]


def _looks_elsewhere(function: dict[str, Any], continued: Continued) -> bool:
    """Say whether a function's source leaves its argument alone and reads the rest."""
    where = function.get("where")
    tree = tree_of(where[0], continued.training.started) if where else None
    if where is None or tree is None:
        return False
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, (ast.Lambda, ast.FunctionDef))
        if each.lineno == where[1]
    ]
    return bool(found) and all(map(_reads_only_others, found))


def _reads_only_others(function: ast.Lambda | ast.FunctionDef) -> bool:
    own = {each.arg for each in function.args.args} - {"self"}
    body = function.body if isinstance(function.body, list) else [function.body]
    names = {e.id for s in body for e in ast.walk(s) if isinstance(e, ast.Name)}
    return bool(names) and not own & names
