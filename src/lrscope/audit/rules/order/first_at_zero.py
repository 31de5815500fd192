"""The first updates ran at rate 0.

What it means: the rate of the first update was exactly 0, so it changed nothing.

Why it matters: one wasted batch is little; a warm-up that is stepped by pass wastes a
whole pass, and a base rate of 0 the whole run, as every schedule multiplies it.

Usual causes: a warm-up whose factor is step / warm-up steps, with the first step 0; an
optimizer that was made with a rate of 0, which nothing raised.

What to do: begin at (step + 1) / warm-up steps; give the optimizer a rate.

Looks the same, but is right: what Hugging Face's schedules do for one update (info); a
group that is held at 0 on purpose while others train (info, or nothing if it is held to
the end); an Adafactor with ``relative_step``, which does not look at ``lr``.

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

ENOUGH = 20
"""Updates at rate 0 that are no trial."""


def _subjects(case: Case) -> list[Group]:
    found = (each for each in case.groups if not each.begins)
    return [each for each in found if not each.optimizer.ignores_lr]


def _judge(group: Group) -> Iterator[Finding]:
    zeros, own = _zeros(group), group.optimizer
    if zeros <= own.updates_before(own.begins):
        return  # there are none, or a state was loaded after them
    fellows = [_zeros(each) for each in own.groups]
    epochs = own.epochs
    waits = zeros > min(fellows)
    to_the_end = zeros == group.applied.size
    if waits and to_the_end:
        return  # frozen by its rate
    whole = epochs is not None and epochs.count > 1 and min(fellows) >= epochs.calls[0]
    wasted = whole and max(fellows) < group.applied.size
    cause, fix = _explained(group, waits=waits, to_the_end=to_the_end)
    which = "all" if to_the_end else "the first"
    yield RULE.found(
        group,
        f"{which} {zeros} updates ran at rate 0"
        if zeros > 1
        else "the first update ran at rate 0",
        cause=cause,
        fix=fix,
        severity=WARNING if wasted or _is_vain(group) else INFO,
        steps=(0, zeros - 1),
        evidence={"updates_at_zero": zeros},
    )


def _explained(group: Group, *, waits: bool, to_the_end: bool) -> tuple[str, str]:
    """Return the cause and the fix."""
    if waits and _zeros(group) > 1:
        return (
            "the group is held at 0 while others train",
            "nothing if it is frozen until then; else give it a rate from the start",
        )
    own = group.optimizer
    if to_the_end and not group.made_with and not own.loads_at_start:
        what = "its schedule multiplies that" if own.driven_by else "nothing raised it"
        return (
            f"the optimizer was made with a rate of 0, and {what}",
            "give it a rate; leave parameters that are to stay out of it",
        )
    if any(e.steps or to_the_end or not own.driven_by for e in own.loads_at_start):
        return (
            "the rate that was loaded with the optimizer's state is 0",
            "go on with a schedule that has not ended, or set the rates after loading",
        )
    return (
        "the warm-up begins with a factor of 0",
        "begin the warm-up at (step + 1) / warm-up steps",
    )


def _is_vain(group: Group) -> bool:
    """Say whether no optimizer of the process ever had another rate than 0."""
    training = group.optimizer.training
    every = [group for each in training.optimizers for group in each.groups]
    return group.applied.size >= ENOUGH and not any(
        np.any(each.applied) or each.optimizer.ignores_lr for each in every
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
