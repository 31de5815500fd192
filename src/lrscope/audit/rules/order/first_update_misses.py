"""The first update ran at the full rate, then the warm-up began.

What it means: update 0 used a rate more than five times that of update 1, and from
there the rate rises.

Why it matters: one update at full rate is what a warm-up is to prevent; it can damage
weights that are being fine-tuned, and shows as an early spike of the loss.

Usual causes: a warm-up written by hand that sets the rate after ``optimizer.step()``; a
scheduler that applies its first value only when it is first stepped.

What to do: set the rate before the first update.

Looks the same, but is right: rates that fall from the start, such as the bias group of
YOLO; a single high update that is not followed by a rise.

Upstream: deepspeedai/DeepSpeed#6569, deepspeedai/DeepSpeed#5731, pytorch/ignite#2462,
huggingface/accelerate#2124
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.finding import Finding

DROP = 5
"""How many times higher the first rate must be than the second."""
RISE = 3
"""Rates after it that must rise."""


def _subjects(case: Case) -> list[Group]:
    return [
        each
        for each in case.groups
        if each.applied.size > RISE + 1 and each.changes.size >= RISE
        if not each.begins
    ]


def _judge(group: Group) -> Iterator[Finding]:
    lr, changes = group.applied, group.changes
    epochs = group.optimizer.epochs
    held = int(changes[0])
    one_pass = epochs is not None and held == int(epochs.calls[0])
    levels = lr[np.concatenate(([0], changes[: RISE + 1]))]
    if held != 1 and not (one_pass and int(changes[1]) > held):
        return
    if not levels[0] > DROP * levels[1] > 0 or not (np.diff(levels[1:]) > 0).all():
        return
    first = "update 0" if held == 1 else f"the first {held} updates"
    yield RULE.found(
        group,
        f"{first} ran at {levels[0]:.4g}, the next at {levels[1]:.4g}; "
        "from there the rate rises",
        cause="the first rate of the warm-up is set after the update, not before it",
        fix="set the rate before the first optimizer.step()",
        steps=(0, held),
        evidence={"rates": levels.tolist()},
    )


RULE = Rule(
    code="LR104",
    name="warmup-misses-first-update",
    severity=ERROR,
    page=__doc__,
    needs="a group whose rate changed at least three times",
    subjects=_subjects,
    judge=_judge,
)
