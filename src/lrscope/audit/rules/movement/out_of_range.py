"""The weights move far more, or far less, in a step than is usual.

What it means: the update-to-weight ratio ‖Δw‖ / ‖w‖ of the group, the middle one of the
measured steps at which the rate was not far below its peak, is outside the usual band:
around 1e-3, and two orders of magnitude to either side.

Why it matters: far above it a few steps replace what the weights hold; far below it the
layer hardly learns at this rate.

Usual causes: a rate that was copied from another optimizer or batch size; weights that
begin at 0 or very small (then large ratios are right); a group with a forgotten
multiplier.

What to do: compare the ratios of the groups; change the rate of those that stand apart.

Looks the same, but is right: biases, gains and layers that begin at 0; fine-tuning with
a very small rate.

Upstream: "Babysitting the learning process: ratio of weights:updates", CS231n,
Stanford; A. Karpathy, "micrograd to makemore part 4" (2022)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.moving import ENOUGH, Moving, moving_in
from lrscope.audit.finding import INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.finding import Finding

USUAL = 1e-3
BAND = 100.0
"""How many times more or less than usual is out of range."""


def _judge(moving: Moving) -> Iterator[Finding]:
    at_work = moving.applied > 0.1 * moving.group.peak
    ratios = moving.measured.update_to_weight[at_work]
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    if ratios.size < ENOUGH:
        return
    ratio = float(np.median(ratios))
    if USUAL / BAND <= ratio <= USUAL * BAND:
        return
    much = "more" if ratio > USUAL else "less"
    yield RULE.found(
        moving,
        f"a step moves the weights by {ratio:.1e} of their length, far {much} than "
        f"the usual {USUAL:g}",
        cause=f"the rate {moving.group.peak:.3g} is "
        f"{'high' if ratio > USUAL else 'low'} for this group and optimizer, or its "
        "weights are of an unusual size",
        fix="compare the groups in lrscope show; nothing, if this is meant",
        steps=moving.steps,
        evidence={"update_to_weight": ratio, "usual": USUAL, "band": BAND},
    )


RULE = Rule(
    code="LR903",
    name="update-to-weight-out-of-range",
    severity=INFO,
    page=__doc__,
    needs=f"a group with {ENOUGH} measured steps (lrscope run --effective)",
    subjects=moving_in,
    judge=_judge,
)
