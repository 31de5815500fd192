"""The first updates ran at rate 0.

What it means: the rate of the first update was exactly 0, so it changed nothing.

Why it matters: one wasted batch is little; a warm-up that is stepped by pass wastes a
whole pass.

Usual causes: a warm-up whose factor is step / warm-up steps, with the first step 0.

What to do: begin at (step + 1) / warm-up steps.

Looks the same, but is right: what Hugging Face's schedules do for one update (info); a
group that is held at 0 on purpose while others train (info).

Upstream: huggingface/transformers#34754, meta-pytorch/torchtune#2010,
EleutherAI/gpt-neox#1373, karpathy/nanoGPT#443
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Group]:
    return [each for each in case.groups if not each.begins]


def _judge(group: Group) -> Iterator[Finding]:
    zeros = _zeros(group)
    if not zeros:
        return
    fellows = [_zeros(each) for each in group.optimizer.groups]
    epochs = group.optimizer.epochs
    whole = epochs is not None and epochs.count > 1 and min(fellows) >= epochs.calls[0]
    wasted = whole and max(fellows) < group.applied.size
    yield RULE.found(
        group,
        f"the first {zeros} updates ran at rate 0"
        if zeros > 1
        else "the first update ran at rate 0",
        cause="the warm-up begins with a factor of 0",
        fix="begin the warm-up at (step + 1) / warm-up steps",
        severity=WARNING if wasted else INFO,
        steps=(0, zeros - 1),
        evidence={"updates_at_zero": zeros},
    )


def _zeros(group: Group) -> int:
    """Return how many updates at the start have rate 0."""
    moving = group.applied != 0
    return int(np.argmax(moving)) if moving.any() else int(group.applied.size)


RULE = Rule(
    code="LR105",
    name="first-update-at-lr-zero",
    severity=WARNING,
    page=__doc__,
    needs="a group that was there at the first update",
    subjects=_subjects,
    judge=_judge,
)
