"""The rate jumped for a moment where warm-up meets decay.

What it means: the rate rose smoothly and fell smoothly, but the value between the two
belongs to neither: it is far above both its neighbours, or far below.

Why it matters: one update, or one pass, at a rate that was never planned; above the
peak it can undo the warm-up.

Usual causes: the decay is computed from the rate it finds, with a position that is off
where it takes over; two schedulers are both stepped at the border, or neither is.

What to do: compute both parts from one count of updates, or use one scheduler made of
both (SequentialLR).

Looks the same, but is right: warm restarts; a search for a rate that goes far above the
one that the training then begins with; a peak that is kept for longer than a
notch of the warm-up.

Upstream: deepseek-ai/DeepSpec#32, pytorch/ignite#645, pytorch/ignite#2496,
ml-explore/mlx#2617
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.stairs import NOTCHES, stairs_of
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.stairs import Stairs
    from lrscope.audit.finding import Finding

FAR = 3.0
"""How many times larger than usual a change into a dip must be."""

OVER = 1.5
"""The same of a change up to a bump, and down from it."""

LEAST = 0.02
"""And how far from its neighbours a value must be, relative to the rate."""


def _subjects(case: Case) -> list[Group]:
    return [
        each
        for each in case.begun_here
        if each.is_finite and each.changes.size >= 2 * NOTCHES
    ]


def _judge(group: Group) -> Iterator[Finding]:
    if group.rise < NOTCHES:
        return  # and so without the work that stairs are
    stairs = stairs_of(group)
    at = _odd_one(stairs, group.rise, group.track.description.lr)
    if at is None:
        return
    before, rate, after = (float(stairs.values[k]) for k in (at - 1, at, at + 1))
    first = group.begins + int(stairs.starts[at])
    yield RULE.found(
        group,
        f"between the rise and the fall of the rate, update {first} used {rate:.6g}; "
        f"before it was {before:.6g}, after it {after:.6g}",
        cause="warm-up and decay do not meet: the rate between them fits neither",
        fix="compute both from one count of updates",
        steps=(first, first + int(stairs.lengths[at]) - 1),
        evidence={"rate": rate, "before": before, "after": after},
    )


def _odd_one(stairs: Stairs, rise: int, base: float) -> int | None:
    """Return the value at the border that fits neither side."""
    for at in (rise - 1, rise):
        left = stairs.values[max(0, at - NOTCHES - 1) : at]
        right = stairs.values[at + 1 : at + NOTCHES + 2][::-1]
        if left.size < NOTCHES or right.size <= NOTCHES:
            continue
        if not (np.diff(left) > 0).all() or not (np.diff(right) > 0).all():
            continue
        near = np.delete(
            stairs.lengths[at - left.size : at + right.size + 1], left.size
        )
        if stairs.lengths[at] > near.max():
            continue
        rate = float(stairs.values[at])
        if all(
            _is_above(rate, side) or _is_below(rate, side) for side in (left, right)
        ):
            return int(at)
        overtakes = left[-1] <= base and _is_over(rate, base, right)
        if overtakes and _is_above(rate, right):
            return int(at)
    return None


def _is_over(rate: float, base: float, falling: NDArray[np.float64]) -> bool:
    """Say whether a rate is above the one that the decay after it begins from."""
    begins = float(falling[-1]) + OVER * float(np.diff(falling).max())
    return rate > (1 + LEAST) * base and falling[-1] <= base <= begins


def _is_above(rate: float, side: NDArray[np.float64]) -> bool:
    """Say whether a rate is above what rising values lead to, evenly or by a factor."""
    last = float(side[-1])
    evenly = last + OVER * float(np.diff(side).max())
    by_factor = last * last / float(side[-2]) if side[-2] > 0 else 0.0
    return rate > (1 + LEAST) * max(evenly, by_factor)


def _is_below(rate: float, side: NDArray[np.float64]) -> bool:
    """Say whether a rate is far below the last of rising values."""
    last = float(side[-1])
    return last - rate > max(FAR * float(np.diff(side).max()), LEAST * last)


RULE = Rule(
    code="LR106",
    name="warmup-handoff-glitch",
    severity=WARNING,
    page=__doc__,
    needs="a group whose rate changed at least six times",
    subjects=_subjects,
    judge=_judge,
    explains=("applied-differs-from-plan",),
)
