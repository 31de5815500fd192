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

    from numpy.typing import NDArray

    from lrscope.audit.facts.group import Group
    from lrscope.audit.finding import Finding


def _judge(group: Group) -> Iterator[Finding]:
    lr = group.applied
    kinds = {
        "negative": (lr < 0) & np.isfinite(lr),
        "infinite": np.isinf(lr),
        "NaN": _nan(group),
    }
    wrong = np.logical_or.reduce(list(kinds.values()))
    if not wrong.any() or kinds["negative"].all():
        return
    counts = {kind: int(where.sum()) for kind, where in kinds.items()}
    first = int(wrong.argmax())
    yield RULE.found(
        group,
        f"the rate was {_counted(counts)} of {wrong.size} updates: "
        f"{lr[first]:.4g} in update {group.begins + first}",
        cause="the line that writes the rate computed it so",
        fix="keep the rate finite and at 0 or above",
        steps=(group.begins + first, group.begins + int(np.flatnonzero(wrong)[-1])),
        evidence={
            "updates": int(wrong.sum()),
            **{kind.lower(): count for kind, count in counts.items()},
            "first": next(
                float(lr[first]) if kind == "negative" else kind
                for kind, where in kinds.items()
                if where[first]
            ),
        },
    )


def _counted(counts: dict[str, int]) -> str:
    """Return in words how often there was what."""
    *before, last = [f"{kind} in {count}" for kind, count in counts.items() if count]
    return f"{', '.join(before)} and {last}" if before else last


def _nan(group: Group) -> NDArray[np.bool_]:
    """Say of each update whether its rate was NaN, and not one that was not read."""
    found = np.isnan(group.applied)
    if found.any():
        live = group.training.process.history.contents.live
        found[0 if live else group.unread_from :] = False
    return found


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
