"""``get_lr()`` is used to read the rate.

What it means: outside of ``scheduler.step()``, ``get_lr()`` computes what one more step
would make of the rate. It does not say which rate is in use.

Why it matters: a log shows a decay that has not happened yet, at a milestone a whole
factor too early, and people look for a mistake in a scheduler that has none.
Composite schedulers and ReduceLROnPlateau raise NotImplementedError.

Usual causes: code from before torch 1.4, when ``get_lr()`` was the way to ask.

What to do: before the update read ``group["lr"]`` of every group; after it ask
``scheduler.get_last_lr()``.

Looks the same, but is right: a function or method of your own that is called get_lr; a
scheduler whose formula alone is used. For LambdaLR, OneCycleLR, CyclicLR and
CosineAnnealingWarmRestarts the number is right, and torch only warns (info).

Upstream: pytorch/pytorch#22107, pytorch/pytorch#31871, pytorch/pytorch#67426
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import INFO, WARNING
from lrscope.check.known import CHAINABLE, COMPOSITES
from lrscope.check.program import PLATEAU
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.scope import FUNCTIONS
from lrscope.check.uses import BOUND, CALLED, READ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program
    from lrscope.check.uses import Use

RAISES = (*COMPOSITES, PLATEAU)


def _find(program: Program) -> Iterator[Mistake]:
    for use in program.uses.calls_of("get_lr"):
        if _is_formula(program, use):
            continue
        names = {each.name for each in use.value.made}
        shown = " or ".join(sorted(names))
        severity = None
        if names <= {*RAISES}:
            message = f"get_lr() of {shown} raises NotImplementedError"
        elif names <= {*CHAINABLE}:
            message = (
                f"get_lr() of {shown} is the rate after one more step, not this one"
            )
        else:
            message = f"get_lr() of {shown} is not meant to be asked; torch warns"
            severity = INFO
        yield Mistake(
            node=use.node,
            message=message,
            fix='read group["lr"] before the update, or get_last_lr()',
            severity=severity,
        )


def _is_formula(program: Program, use: Use) -> bool:
    """Say whether it is asked for its formula: inside one, or never stepped."""
    for each in program.tree.ancestors(use.node):
        if isinstance(each, FUNCTIONS) and each.name.strip("_") == "get_lr":
            return True
        if isinstance(each, (ast.If, ast.IfExp)) and "hasattr" in ast.dump(each.test):
            return True
    for made in use.value.made:
        if program.uses.of(made, BOUND):
            return True
        stepped = program.uses.of(made, CALLED, READ, name="step")
        if not stepped and made.name not in RAISES and program.is_followed(made):
            return True
    return False


RULE = StaticRule(
    code="LR606",
    name="get_lr-used-for-reading",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
