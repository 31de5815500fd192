"""A floor for all groups is above the rate of one of them.

What it means: ``eta_min`` is one number for all groups. A group whose rate is smaller
does not fall to it, it rises.

Why it matters: a backbone that was to be changed gently ends at many times its rate.

Usual causes: a floor chosen for the largest group.

What to do: a floor below every rate, or LambdaLR with a factor, which keeps the ratios.

Looks the same, but is right: a floor below all rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import WARNING
from lrscope.check.groups import rates_of
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        optimizer = program.optimizer_of(made)
        cosine = made.name in ("CosineAnnealingLR", "CosineAnnealingWarmRestarts")
        if not cosine or optimizer is None:
            continue
        rates = rates_of(program, optimizer) or []
        floor = program.number(made, "eta_min", 0)
        low = [each for each in rates if floor is not None and 0 < each < floor]
        if low and len(set(rates)) > 1:
            yield Mistake(
                node=made.call,
                message=f"eta_min={floor:g} is above a group's rate, {min(low):g}, "
                "which rises",
                fix="choose eta_min below every rate, or scale with LambdaLR",
            )


RULE = StaticRule(
    code="LR408",
    name="absolute-floor-breaks-ratios",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
