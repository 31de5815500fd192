"""A scheduler writes the rates of the first groups only.

What it means: the optimizer has several groups, and a scheduler that somebody wrote
moves the first of them; the others keep the rate that they were made with.

Why it matters: the groups that are left out, often those without weight decay, train
without warm-up and without decay.

Usual causes: ``get_lr`` returns a list of one rate and ``zip`` ends with the shorter;
``param_groups[0]`` is written, from the time when there was one group.

What to do: return one rate for each group: ``[base * factor for base in
self.base_lrs]``; or write into all groups.

Looks the same, but is right: a scheduler for some groups on purpose, which were made
with another rate (info); groups with ``fix_lr=True``. torch 2.13 raises an error where
lists differ in length.

Upstream: microsoft/hi-ml#611, deepspeedai/DeepSpeed#7969
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

ENOUGH = 10
"""Changes that the first group must have had."""

FIXED = re.compile("fix|const|freez|frozen", re.IGNORECASE)
"""Keys such as ``fix_lr``."""

KNOWN = ("torch.", "transformers.", "timm.", "lrscope.")
"""Libraries whose schedulers write into every group."""


def _subjects(case: Case) -> list[Optimizer]:
    return [
        each
        for each in case.optimizers
        if len(each.groups) > 1 and not any(g.begins for g in each.groups)
        if _written_by_others(each)
    ]


def _written_by_others(optimizer: Optimizer) -> bool:
    """Say whether a class of the program's own, or the program, writes the rates."""
    modules = [each.event.module for each in optimizer.driven_by]
    if not modules:
        return bool(optimizer.written)
    return not all(each.startswith(KNOWN) for each in modules)


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    groups = optimizer.groups
    moving = [each.changes.size > 0 for each in groups]
    count = sum(moving)
    if not 0 < count < len(groups) or not all(moving[:count]):
        return
    left = [
        each for each in groups[count:] if each.applied.any() and not _is_fixed(each)
    ]
    if not left or max(g.changes.size for g in groups[:count]) < ENOUGH:
        return
    if max(float(np.ptp(g.applied) / max(g.peak, 1e-300)) for g in groups) < 0.2:
        return
    alike = any(_made_alike(groups[0], each) for each in left)
    severity = WARNING if optimizer.driven_by or alike else INFO
    yield RULE.found(
        optimizer,
        f"only {count} of {len(groups)} groups move; {left[0].group_name} keeps "
        f"{float(left[0].applied[0]):.3g} in every update",
        cause="one rate is written, and there are more groups",
        fix="write a rate for each group: base_lrs[i] * factor for group i",
        severity=severity,
        steps=optimizer.throughout,
        evidence={"groups": len(groups), "moving": count},
    )


def _is_fixed(group: Group) -> bool:
    """Say whether a key of the group's own says that its rate stays (SimSiam)."""
    others = group.track.description.others
    return any(value is True and FIXED.search(key) for key, value in others.items())


def _made_alike(one: Group, other: Group) -> bool:
    """Say whether two groups were made with the same rate."""
    return one.track.description.lr == other.track.description.lr


RULE = Rule(
    code="LR411",
    name="scheduler-returns-fewer-lrs-than-groups",
    severity=WARNING,
    page=__doc__,
    needs="several groups whose rates the program or a class of its own writes",
    subjects=_subjects,
    judge=_judge,
)
