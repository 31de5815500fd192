"""Pace: where a schedule will be at the end of a run that still goes on."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.site import distinct, site_of
from lrscope.audit.facts.source import tree_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.training import Training
    from lrscope.recording.epochs import Epochs

OPTION = re.compile(r"-{0,2}(?:num[_-]?)?(?:train[_-]?|max[_-]?)?epochs", re.IGNORECASE)
"""Options of a command that say how many passes there will be."""


LEAST, EVEN = 2, 1.05
"""Whole passes that must have been seen, and how much their steps may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a scheduler goes through its length.

    Attributes:
        per_pass: its steps in each whole pass over the data so far.
        passes: how many passes there will be.
        told_by: what says so, in words.
        end: where it will be at the end, in its own steps.
        share: the same over its length.
    """

    per_pass: float
    passes: int
    told_by: str
    end: float
    share: float


def pace_of(scheduler: Scheduler) -> Pace | None:
    """Return how a scheduler will end; None if that is not certain.

    It is where the command or a literal ``range`` in the source says how many passes
    there will be, nothing leaves the loops early, and each whole pass had as many
    steps.
    """
    optimizer, horizon = scheduler.optimizer, scheduler.horizon
    epochs = optimizer.epochs if optimizer else None
    if epochs is None or horizon is None or not horizon.ends_run:
        return None
    whole = epochs.count - (not epochs.ended_whole)
    ending = scheduler.training.ending
    planned = _passes(scheduler.training, epochs.loader)
    if planned is None or not LEAST <= whole < planned[0]:
        return None
    if ending.asked_for or ending.may_leave_early or not epochs.whole[:whole].all():
        return None
    passes, told_by = planned
    steps = _steps_in(scheduler, epochs, whole)
    if not steps.min() or steps.max() > EVEN * steps.min():
        return None
    per_pass = float(steps.mean())
    end = scheduler.position - scheduler.steps + per_pass * passes
    return Pace(
        per_pass=per_pass,
        passes=passes,
        told_by=told_by,
        end=end,
        share=end / horizon.steps,
    )


def _steps_in(scheduler: Scheduler, epochs: Epochs, whole: int) -> NDArray[np.int64]:
    """Return the steps from the beginning of each whole pass to that of the next."""
    starts = epochs.starts[: whole + 1] + 1
    before = np.concatenate(([0], np.cumsum(scheduler.between, dtype=np.int64)))
    first = before[starts]
    first[0] = before[0]
    return np.diff(first if epochs.count > whole else np.append(first, before[-1]))


def _passes(training: Training, loader: int) -> tuple[int, str] | None:
    words = training.process.command
    for word, after in zip(words, (*words[1:], "")):
        name, equals, value = word.partition("=")
        number = value if equals else after
        if OPTION.fullmatch(name) and number.isdecimal():
            return int(number), f"{name} {number}"
    items = training.process.history.items("pass_began").values()
    sites = distinct(*(site_of(e) for e in items if e.get("loader") == loader))
    if len(sites) != 1:
        return None
    ((file, line),) = sites
    tree = tree_of(file, training.started)
    found = _range_around(tree, line) if tree else None
    return (found, f"range({found}) around {Path(file).name}:{line}") if found else None


def _range_around(tree: ast.Module, line: int) -> int | None:
    """Return how often the only loop around a line is run, by its literal range."""
    around = [
        each
        for each in ast.walk(tree)
        if isinstance(each, (ast.For, ast.While))
        if each.lineno < line <= (each.end_lineno or 0)
    ]
    if len(around) != 1 or not isinstance(around[0], ast.For):
        return None
    over = around[0].iter
    if not (
        isinstance(over, ast.Call)
        and getattr(over.func, "id", "") == "range"
        and len(over.args) == 1
    ):
        return None
    return _number(over.args[0], tree)


def _number(node: ast.expr, tree: ast.Module) -> int | None:
    """Return a literal, or that which the only assignment to a name gives it."""
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
    is_number = isinstance(node, ast.Constant) and type(node.value) is int
    return node.value if is_number else None  # type: ignore[attr-defined]
