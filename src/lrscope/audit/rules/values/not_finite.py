"""A rate was negative, infinite or not a number.

What it means: an update was made with a rate below 0, or with one that is infinite or
NaN.

Why it matters: a negative rate climbs the loss; after an infinite or NaN one the
parameters are lost.

Usual causes: a division by a length of 0; a power of a negative number; a rate computed
from a metric that was NaN; a sign in a configuration.

What to do: find the line that wrote it (listed below), and look at what it computes.

Looks the same, but is right: gradient ascent by a negative rate on purpose, as for an
adversary; most optimizers of torch refuse such a rate when they are made.

Upstream: meetps/pytorch-semseg#151, Lightning-AI/pytorch-lightning#9475
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.facts.group import Group
    from lrscope.audit.finding import Finding


def _judge(group: Group) -> Iterator[Finding]:
    negative = group.applied < 0
    strange = np.isinf(group.applied)
    if not _is_unread(group):
        strange |= np.isnan(group.applied)
    wrong = negative | strange
    if not wrong.any() or negative.all():
        return
    first, count = int(wrong.argmax()), int(wrong.sum())
    what = "negative" if negative[first] else "not a finite number"
    yield RULE.found(
        group,
        f"the rate was {what} in {count} of {wrong.size} updates: "
        f"{group.applied[first]:.4g} in update {group.begins + first}",
        cause="the line that writes the rate computed it so",
        fix="keep the rate finite and at 0 or above",
        steps=(group.begins + first, group.begins + int(np.flatnonzero(wrong)[-1])),
        evidence={
            "updates": count,
            "negative": int(negative.sum()),
            "first": float(group.applied[first]) if negative[first] else what,
        },
    )


def _is_unread(group: Group) -> bool:
    """Say whether NaN may stand for a rate that could not be read."""
    live = group.training.process.history.contents.live
    return live or bool(group.optimizer.not_numbers)


RULE = Rule(
    code="LR802",
    name="lr-not-finite-or-negative",
    severity=ERROR,
    page=__doc__,
    needs="a group that was updated",
    subjects=lambda case: case.groups,
    judge=_judge,
    explains=("first-update-at-lr-zero", "lr-decays-too-fast"),
)
