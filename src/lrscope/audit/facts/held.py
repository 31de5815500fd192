"""Held: numbers that a scheduler of somebody's own was given, by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.number import is_number

if TYPE_CHECKING:
    from lrscope.audit.facts.scheduler import Scheduler

WARMUP = re.compile(r"warm", re.IGNORECASE)
TOTAL = re.compile(r"total|train|max|steps|iters|updates|horizon", re.IGNORECASE)


def held_by(scheduler: Scheduler) -> dict[str, float]:
    """Return the numbers that the function or the class of a scheduler holds.

    What a name means, and in what unit, only its author knows: a rule must find the
    same in the rates that were used.
    """
    event = scheduler.event
    found = dict(event.arguments)
    if event.module != "torch.optim.lr_scheduler":
        found = {**event.attributes, **found}
    functions = found.pop("lr_lambda", None)
    each = functions[0] if isinstance(functions, list) and functions else functions
    if isinstance(each, dict):
        for name in ("holds", "arguments"):
            found |= each.get(name) or {}
    return {name: float(value) for name, value in found.items() if is_number(value)}


def warmup_and_total(scheduler: Scheduler) -> tuple[float, float] | None:
    """Return the lengths of warm-up and training by their names; None if unclear."""
    held = held_by(scheduler)
    warmups = {v for name, v in held.items() if WARMUP.search(name)}
    total = total_held(scheduler)
    if len(warmups) != 1 or total is None:
        return None
    return warmups.pop(), total


def total_held(scheduler: Scheduler) -> float | None:
    """Return the length of the training by its name; None if unclear."""
    held = held_by(scheduler)
    totals = {
        v for name, v in held.items() if TOTAL.search(name) and not WARMUP.search(name)
    }
    return totals.pop() if len(totals) == 1 else None


def without_place(argument: Any) -> Any:
    """Return an argument without the file of a function: a script may be copied."""
    if isinstance(argument, list):
        return [without_place(each) for each in argument]
    if isinstance(argument, dict) and "callable" in argument:
        return {key: value for key, value in argument.items() if key != "where"}
    return argument
