"""A part of a ChainedScheduler erases what the parts before it did.

What it means: LambdaLR, OneCycleLR, CyclicLR and CosineAnnealingWarmRestarts write a
rate that follows from the step alone. In a chain they overwrite the parts before them.

Why it matters: the earlier parts have no effect at all, without an error.

Usual causes: a chain is taken for a product of its parts. It is one only for schedulers
that multiply the rate they find.

What to do: put it first, or use SequentialLR if one is to follow the other.

Looks the same, but is right: such a scheduler in the first place.

Upstream: pytorch/pytorch#82859, pytorch/pytorch#33416
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import WARNING
from lrscope.check.known import CLOSED_FORM
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        parts = program.children(made) if made.name == "ChainedScheduler" else None
        names = [each.name for each in parts or ()]
        last = max(
            (i for i, name in enumerate(names) if name in CLOSED_FORM), default=0
        )
        if last:
            before = ", ".join(names[:last])
            yield Mistake(
                node=made.call,
                message=f"{names[last]} overwrites what {before} did in each step",
                fix=f"put {names[last]} first",
            )


RULE = StaticRule(
    code="LR404",
    name="closed-form-erases-chained",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
