"""A group has a rate, and its weights do not move.

What it means: at the measured steps the rate was above 0, and no weight of the group,
or hardly any, changed: of those that had a gradient fewer than 25 % at nine steps of
ten (info; a warning if it was fewer than 2 % at the usual step). Or no group of the
optimizer had a gradient, and weight decay is all that moves the weights (a warning).

Why it matters: these layers do not learn, while every log of the rate says they do.

Usual causes: the weights are bfloat16 or float16 and the updates are smaller than half
the distance to the next number, so that adding them changes nothing; no gradient
reaches them (detached, under no_grad, not used by the loss); gradients were set to 0
between ``backward()`` and ``step()``.

What to do: lost to rounding: keep the weights in float32 and use autocast, or an
optimizer that rounds stochastically or sums the rests up (Kahan), or a larger rate. No
gradient: leave the group out of the optimizer, or find what cuts it off.

Looks the same, but is right: layers that are frozen on purpose and were left in the
optimizer, experts that no batch used (info); stochastic rounding, which moves typical
weights and not only the smallest.

Upstream: meta-pytorch/torchtune#2254, Nerogar/OneTrainer#996, pytorch/pytorch#120376,
pytorch/ao#1124
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.moving import ENOUGH, Moving, moving_in
from lrscope.audit.facts.shrinking import shrinks, shrinks_only
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.finding import Finding

HARDLY = 0.02
"""Share of the weights with a gradient: fewer are as good as none."""

PART = 0.25
"""Share below which it is worth knowing that the others stand still."""

SPACING = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23}
"""Distance from 1 to the next number."""

TYPICAL = 0.2
"""A move of so many spacings of a typical weight is none of the smallest weights."""


def _judge(moving: Moving) -> Iterator[Finding]:
    if moving.felt.any():
        yield from _lost(moving)
    else:
        yield from _cut_off(moving)


def _cut_off(moving: Moving) -> Iterator[Finding]:
    """Judge a group that had no gradient."""
    steps = moving.at_work
    number = int(steps.sum())
    alone = not moving.accompanied.any()
    stays = moving.stays and not moving.moves.any()
    if number < moving.enough_without or not (stays or (alone and _decays(moving))):
        return
    if alone and not (moving.others_known and moving.group.index == 0):
        return  # said once of an optimizer
    of_all = "any group of the optimizer" if alone else "the group"
    none_moved = " and no weight moved" if stays else ""
    only_decay = "" if stays else "; nothing but weight decay moves the weights"
    yield RULE.found(
        moving.group.optimizer if alone else moving,
        f"no gradient but 0 reached {of_all}{none_moved} at {number} measured updates, "
        f"with a rate of {_usual(moving, steps):.3g}{only_decay}",
        cause="gradients are cleared before step(), nothing in the loss depends on "
        "these parameters, or the loss does not change with them, as over one class"
        if alone
        else "the group is frozen, or nothing in the loss depends on it",
        fix="clear gradients after step() or before backward(); give the optimizer the "
        "parameters of the model that is trained; see that the loss can fall"
        if alone
        else "leave it out of the optimizer if that is meant; else find what cuts it "
        "off from the loss",
        severity=WARNING if alone else INFO,
        steps=moving.span(steps),
        evidence={"measured": number, "elements": moving.measured.elements},
    )


def _decays(moving: Moving) -> bool:
    """Say whether the weights move, by weight decay and nothing else."""
    moved = moving.moves
    return bool(moved.all()) and shrinks(moving, moved) and shrinks_only(moving)


def _lost(moving: Moving) -> Iterator[Finding]:
    """Judge a group that had a gradient."""
    sums, steps = moving.measured.sums, moving.at_work & moving.felt
    if steps.sum() < ENOUGH:
        return
    shares = (sums.elements_moved / sums.gradient_not_zero)[steps]
    share = float(np.median(shares))
    if np.quantile(shares, 0.9) >= PART or not _is_rounding(moving, steps):
        return
    kinds = " and ".join(moving.dtypes)
    yield RULE.found(
        moving,
        f"{f'only {share:.1%} of the weights' if share else 'no weight'} that had a "
        f"gradient moved at {int(steps.sum())} measured updates, with a rate of "
        f"{_usual(moving, steps):.3g}",
        cause=f"most updates are too small to change a number in {kinds}"
        if kinds
        else "most updates are smaller than the precision of the weights",
        fix="keep the weights in float32 and use autocast, or an optimizer with "
        "stochastic rounding, or raise the rate",
        severity=WARNING if share < HARDLY else INFO,
        steps=moving.span(steps),
        evidence={
            "moved_share": share,
            "with_gradient": float(
                np.median(sums.gradient_not_zero[steps]) / moving.measured.elements
            ),
            "update_to_weight": float(
                np.median(moving.measured.update_to_weight[steps])
            ),
            "dtypes": list(moving.dtypes),
        },
    )


def _is_rounding(moving: Moving, steps: NDArray[np.bool_]) -> bool:
    """Say whether it is the smallest weights that moved, or none ever."""
    sums = moving.measured.sums
    some = steps & moving.moves
    if not some.any():
        return moving.stays
    moved = np.sqrt(sums.moved_moved[some] / sums.elements_moved[some])
    typical = np.sqrt(sums.weight_weight[some] / moving.measured.elements)
    spacing = max((SPACING.get(each, 0.0) for each in moving.dtypes), default=0.0)
    return bool(np.quantile(moved / typical, 0.9) < TYPICAL * spacing)


def _usual(moving: Moving, steps: NDArray[np.bool_]) -> float:
    return float(np.median(moving.applied[steps]))


RULE = Rule(
    code="LR901",
    name="group-does-not-move",
    severity=WARNING,
    page=__doc__,
    needs=f"a group with {ENOUGH} measured steps (lrscope run --effective)",
    subjects=moving_in,
    judge=_judge,
    explains=("update-to-weight-out-of-range",),
)
