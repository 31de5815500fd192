"""A group has a rate, and its weights do not move.

What it means: at the measured steps the rate was above 0, and no weight of the group,
or hardly any, changed.

Why it matters: these layers do not learn, while every log of the rate says they do.

Usual causes: no gradient reaches them (detached, under no_grad, not used by the loss);
the weights are bfloat16 or float16 and the updates are smaller than their precision, so
that adding them changes nothing; gradients were set to 0 before the step.

What to do: no gradient: leave the group out of the optimizer, or find what cuts it off.
Lost to rounding: keep a float32 copy of the weights (autocast does), use stochastic
rounding, or a larger rate.

Looks the same, but is right: layers that are frozen on purpose and were left in the
optimizer (info); experts or embeddings that no batch used.

Upstream: pytorch/pytorch#119059, huggingface/accelerate#1839
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.moving import ENOUGH, Moving, moving_in
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.finding import Finding

FEW = 0.02
"""Share of the elements that have a gradient, below which hardly any moved."""


def _judge(moving: Moving) -> Iterator[Finding]:
    measured, sums = moving.measured, moving.measured.sums
    if not (moving.applied > 0).all():
        return
    moved, felt = sums.elements_moved, sums.gradient_not_zero
    if not moving.has_gradient:
        if moved.any():
            return  # another rule's: frozen-group-moves
        yield RULE.found(
            moving,
            f"no gradient reached the group and no weight moved at any of "
            f"{len(measured)} measured steps, with a rate of {moving.applied[-1]:.3g}",
            cause="the group is frozen, or nothing in the loss depends on it",
            fix="leave it out of the optimizer if that is meant; else find what cuts "
            "it off from the loss",
            severity=INFO,
            steps=moving.steps,
            evidence={"elements": measured.elements, "with_gradient": 0.0},
        )
        return
    share = float(np.median(moved / np.maximum(felt, 1.0)))
    if share >= FEW:
        return
    yield RULE.found(
        moving,
        f"at {len(measured)} measured steps {share:.1%} of the weights that had a "
        f"gradient moved, with a rate of {moving.applied[-1]:.3g}",
        cause="updates are smaller than the precision of the weights (bfloat16, "
        "float16), or the optimizer leaves them out",
        fix="keep a float32 copy of the weights, as autocast does, or raise the rate",
        steps=moving.steps,
        evidence={
            "moved_share": share,
            "with_gradient": float(np.median(felt / measured.elements)),
            "update_to_weight": float(np.nanmedian(measured.update_to_weight)),
        },
    )


RULE = Rule(
    code="LR901",
    name="group-does-not-move",
    severity=WARNING,
    page=__doc__,
    needs=f"a group with {ENOUGH} measured steps (lrscope run --effective)",
    subjects=moving_in,
    judge=_judge,
)
