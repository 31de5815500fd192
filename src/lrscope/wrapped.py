"""Wrapped: optimizers that stand around another and hand its groups on."""

from __future__ import annotations

import sys
from typing import Any

DEEPEST = 8


def innermost(optimizer: Any) -> Any:
    """Return the optimizer inside of wrappers that have its very groups, or itself.

    SAM and Lookahead keep an optimizer as an attribute, under whatever name, and what
    is written into their groups is in its. Groups that are copies are not the same:
    `ZeroRedundancyOptimizer` copies its rates into those of the optimizer inside.
    """
    base = sys.modules["torch.optim.optimizer"].Optimizer
    found = optimizer
    for _ in range(DEEPEST):
        groups = getattr(found, "param_groups", None)
        attributes = getattr(found, "__dict__", {})
        inner = [
            each
            for each in list(attributes.values())
            if isinstance(each, base)
            and each is not found
            and _has_any(each.param_groups, groups)
        ]
        if not inner:
            break
        found = inner[0]
    return found


def _has_any(groups: Any, others: Any) -> bool:
    known = {id(each) for each in others or ()}
    return any(id(each) in known for each in groups)
