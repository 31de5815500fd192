"""A warm-up of no steps leaves its start factor for good.

What it means: LinearLR or ConstantLR with ``total_iters=0`` multiplies the rate by its
start factor when it is made, and never takes that back.

Why it matters: the whole run has a third of the rate, by default. Nothing warns.

Usual causes: ``warmup_steps=0`` to turn the warm-up off.

What to do: make no warm-up scheduler when there are no steps to warm up for.

Looks the same, but is right: the first part of a SequentialLR that ends at step 0,
since torch 2.13.

Upstream: pytorch/pytorch#193682, pytorch/pytorch#192655
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program

FACTORS = {"LinearLR": "start_factor", "ConstantLR": "factor"}


def _find(program: Program) -> Iterator[Mistake]:
    made_here = program.schedulers
    if any(each.name == "SequentialLR" for each in made_here):
        return
    for made in made_here:
        if made.name not in FACTORS:
            continue
        length = program.number(made, "total_iters", 5)
        factor = program.number(made, FACTORS[made.name], 1 / 3)
        if length is not None and length <= 0 and factor not in (None, 1):
            yield Mistake(
                node=made.call,
                message=f"{made.name} over {length:g} steps keeps the factor "
                f"{factor:.3g} for good",
                fix="make no warm-up scheduler when it has no steps",
            )


RULE = StaticRule(
    code="LR604",
    name="zero-length-warmup-sticks",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
