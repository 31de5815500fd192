"""Wrapped: optimizers that stand around others of the same parameters."""

from __future__ import annotations

import sys
from typing import Any

from lrscope.attributes import values_of

DEEPEST = 8


def innermost(optimizer: Any) -> Any:
    """Return the optimizer inside of wrappers that have its very groups, or itself.

    SAM and Lookahead keep an optimizer as an attribute, under whatever name, and what
    is written into their groups is in its. Groups that are copies are not the same:
    `ZeroRedundancyOptimizer` copies its rates into those of the optimizer inside.
    """
    found = optimizer
    for _ in range(DEEPEST):
        groups = {id(each) for each in getattr(found, "param_groups", None) or ()}
        alike = [each for each in inside_of(found) if _has_all(each, groups)]
        if len(alike) != 1:
            break
        found = alike[0]
    return found


def inside_of(optimizer: Any) -> list[Any]:
    """Return the optimizers that one keeps and that hold any of its parameters."""
    base = sys.modules["torch.optim.optimizer"].Optimizer
    own = _parameters_of(optimizer)
    return [
        each
        for each in values_of(optimizer)
        if isinstance(each, base)
        and each is not optimizer
        and not own.isdisjoint(_parameters_of(each))
    ]


def _parameters_of(optimizer: Any) -> set[int]:
    groups = getattr(optimizer, "param_groups", None) or ()
    return {id(each) for group in groups for each in group["params"]}


def _has_all(optimizer: Any, groups: set[int]) -> bool:
    return {id(each) for each in optimizer.param_groups} == groups
