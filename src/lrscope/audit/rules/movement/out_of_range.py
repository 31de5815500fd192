"""The weights move far more, or far less, in a step than is usual.

What it means: the update-to-weight ratio ‖Δw‖ / ‖w‖ of the group is outside the usual
band, around 1e-3 and two orders of magnitude to either side: above it at the middle one
of the measured steps, or below it at every one. Steps at which the rate was far below
its peak, or the weights had less than half of their later length, are not counted.

Why it matters: far above it a few steps replace what the weights hold; far below it the
layer hardly learns at this rate.

Usual causes: a rate that was copied from another optimizer or batch size; a group with
a forgotten multiplier; weights of an unusual size.

What to do: compare the ratios of the groups; change the rate of those that stand apart.

Looks the same, but is right: biases, gains and layers that begin at 0, early on;
fine-tuning with a very small rate; the last steps of a run that has converged.

Upstream: "Babysitting the learning process: ratio of weights:updates", CS231n,
Stanford; LeelaChessZero/lczero-training#42
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

SEVERAL = 8
"""Measured updates that tell what is usual in this run; the first are the largest."""

GROWN = 0.5
"""Share of their greatest length below which weights still grow from their start."""


def _judge(moving: Moving) -> Iterator[Finding]:
    lengths = moving.measured.weight_norm
    ratios = moving.measured.update_to_weight
    steps = moving.at_work & moving.felt & moving.moves & np.isfinite(ratios)
    steps &= lengths >= GROWN * lengths.max()
    if steps.sum() < SEVERAL:
        return
    ratio, largest = float(np.median(ratios[steps])), float(ratios[steps].max())
    much = ratio > USUAL * BAND
    if not much and largest >= USUAL / BAND:
        return
    yield RULE.found(
        moving,
        f"an update moves the weights by {ratio:.1e} of their length, "
        f"far {'more' if much else 'less'} than the usual {USUAL:g}",
        cause=f"the rate {moving.group.peak:.3g} is {'high' if much else 'low'} for "
        "this group and optimizer, or its weights are of an unusual size",
        fix="compare the groups in lrscope show; nothing, if this is meant",
        steps=moving.span(steps),
        evidence={
            "update_to_weight": ratio,
            "largest": largest,
            "usual": [USUAL / BAND, USUAL * BAND],
            "measured": int(steps.sum()),
        },
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
