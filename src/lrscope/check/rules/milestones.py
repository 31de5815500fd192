"""A milestone of MultiStepLR is not a whole number and is never hit.

What it means: MultiStepLR compares the number of its steps with its milestones for
equality. A milestone such as 10.8 is never equal.

Why it matters: the decay that was planned there never happens, without an error.

Usual causes: milestones computed as a share of the total: ``0.6 * epochs``.

What to do: round them: ``int(0.6 * epochs)``.

Looks the same, but is right: 30.0 is a whole number and is hit; milestones of
SequentialLR are compared by order and need not be whole.

Upstream: Pointcept/Pointcept#379
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.made import Made
    from lrscope.check.program import Program


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        if made.name != "MultiStepLR":
            continue
        missed = [each for each in _milestones(program, made) if each != int(each)]
        if missed:
            shown = ", ".join(f"{each:g}" for each in missed)
            whole = ", ".join(str(round(each)) for each in missed)
            yield Mistake(
                node=made.call,
                message=f"MultiStepLR never decays at {shown}: no step has that number",
                fix=f"use whole numbers: {whole}",
            )


def _milestones(program: Program, made: Made) -> list[float]:
    """Return the milestones that are sure."""
    given = made.argument("milestones")
    if isinstance(given, (ast.List, ast.Tuple)):
        found = [program.constants.value(each) for each in given.elts]
    else:
        value = program.constants.value(given)
        found = list(value) if isinstance(value, tuple) else []
    finite = (each for each in found if isinstance(each, (int, float)))
    return [each for each in finite if abs(each) < 1e15]


RULE = StaticRule(
    code="LR210",
    name="milestones-never-hit-float",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
