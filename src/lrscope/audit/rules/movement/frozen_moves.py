"""A group that is thought frozen moves.

What it means: at the measured steps the rate of the group was 0, or no gradient reached
it, and its weights changed all the same.

Why it matters: layers that were meant to stay as they were trained before are slowly
destroyed, and no log of the rate shows it.

Usual causes: gradients that are 0 and not None (``zero_grad(set_to_none=False)``):
momentum and weight decay go on moving the weights; an optimizer that works its rate out
itself; an average of weights (EMA) or a tied tensor that is written elsewhere.

What to do: ``requires_grad_(False)`` and ``grad = None`` for frozen parameters, or leave
them out of the optimizer.

Looks the same, but is right: none that is known; a group whose rate is 0 at some steps
of its schedule is not judged.

Upstream: pytorch/pytorch#4741, pytorch/pytorch#44459
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.moving import ENOUGH, Moving, moving_in
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.finding import Finding


def _judge(moving: Moving) -> Iterator[Finding]:
    measured, sums = moving.measured, moving.measured.sums
    stopped = bool((moving.applied == 0).all())
    if not (stopped or not moving.has_gradient):
        return
    moves = sums.elements_moved > 0
    if moves.sum() < ENOUGH:
        return
    why = "its rate was 0" if stopped else "no gradient reached it"
    yield RULE.found(
        moving,
        f"{why}, and its weights moved at {int(moves.sum())} of {len(measured)} "
        f"measured steps, by {float(np.median(measured.update_to_weight)):.1e} of "
        "their length",
        cause="the optimizer does not go by lr alone, or the step itself writes them"
        if stopped
        else "weight decay or momentum moves weights whose gradient is 0",
        fix="leave frozen parameters out of the optimizer, or let their grad be None",
        steps=moving.steps,
        evidence={
            "rate": float(moving.applied[-1]),
            "steps_that_moved": int(moves.sum()),
            "update_to_weight": float(np.nanmedian(measured.update_to_weight)),
        },
    )


RULE = Rule(
    code="LR902",
    name="frozen-group-moves",
    severity=WARNING,
    page=__doc__,
    needs=f"a group with {ENOUGH} measured steps (lrscope run --effective)",
    subjects=moving_in,
    judge=_judge,
)
