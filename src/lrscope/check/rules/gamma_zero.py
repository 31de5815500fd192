"""A decay has the factor 0.

What it means: ``gamma=0`` multiplies the rate by 0 at the first decay. From there on
the rate is exactly 0.

Why it matters: training stands still for the rest of the run.

Usual causes: 0 was meant to turn the scheduler off; that is ``gamma=1``.

What to do: ``gamma=1`` for a rate that stays, or no scheduler.

Looks the same, but is right: a training that is to freeze on purpose.

Upstream: LINCellularNeuroscience/VAME#26
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import WARNING
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        if made.name not in ("StepLR", "MultiStepLR", "ExponentialLR"):
            continue
        if program.number(made, "gamma", None) == 0:
            yield Mistake(
                node=made.call,
                message=f"{made.name} with gamma=0 makes the rate 0 at its first decay",
                fix="gamma=1 keeps the rate as it is",
            )


RULE = StaticRule(
    code="LR610",
    name="gamma-zero-typo",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
