"""ReduceLROnPlateau is stepped without a metric.

What it means: ``step()`` of ReduceLROnPlateau needs the number that it watches.

Why it matters: it raises TypeError, at the end of the first epoch, when hours may have
been spent.

Usual causes: a loop written for other schedulers.

What to do: ``scheduler.step(validation_loss)``, once an epoch.

Looks the same, but is right: a wrapper that knows the metric itself.

Upstream: junyanz/pytorch-CycleGAN-and-pix2pix#495, mittagessen/kraken#635,
victoresque/pytorch-template#89, ContinualAI/avalanche#692
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.check.program import PLATEAU
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.uses import CALLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program
    from lrscope.check.uses import Use


def _find(program: Program) -> Iterator[Mistake]:
    for use in program.uses.calls_of("step"):
        if {each.name for each in use.value.made} != {PLATEAU} or _has_argument(use):
            continue
        steps = [
            each
            for made in use.value.made
            for each in program.uses.of(made, CALLED, name="step")
        ]
        func = use.node.func  # type: ignore[attr-defined]
        if any(map(_has_argument, steps)) or program.is_guarded(use.node, func.value):
            continue
        yield Mistake(
            node=use.node,
            message="step() of ReduceLROnPlateau raises TypeError without a metric",
            fix="give it the number to watch: step(validation_loss)",
        )


def _has_argument(use: Use) -> bool:
    call = use.node
    return isinstance(call, ast.Call) and bool(call.args or call.keywords)


RULE = StaticRule(
    code="LR501",
    name="plateau-missing-metric",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
