"""A cosine is stepped past its end and climbs back.

What it means: CosineAnnealingLR reaches its floor after ``T_max`` steps. After that it
rises along the same curve.

Why it matters: the rate is high again when the training ends.

Usual causes: the number of epochs was raised, ``T_max`` was not.

What to do: ``T_max`` as large as the number of steps.

Looks the same, but is right: several whole cycles on purpose (twice ``T_max`` and more
is not judged here); a loop that is left early.

Upstream: drprojects/superpoint_transformer#107, CodefyUI/CodefyUI#205
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.check.made import NOT_GIVEN
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.scope import FUNCTIONS
from lrscope.check.uses import CALLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program

LEAVES = (ast.Break, ast.Return, ast.Continue, ast.Raise, ast.Try)


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        steps = program.uses.of(made, CALLED, name="step")
        if made.name != "CosineAnnealingLR" or len(steps) != 1:
            continue
        if made.argument("last_epoch") is not NOT_GIVEN or not program.is_followed(
            made
        ):
            continue
        end = program.number(made, "T_max", None)
        turns = _turns(program, steps[0].node, made.call)
        if end is not None and turns is not None and end < turns - 1 < 2 * end - 1:
            yield Mistake(
                node=made.call,
                message=f"CosineAnnealingLR(T_max={end:g}) is stepped {turns} times: "
                f"after {end:g} the rate rises again",
                fix=f"T_max={turns}",
            )


def _turns(program: Program, step: ast.AST, built: ast.AST) -> int | None:
    """Return how often a step runs; None if that is not sure."""
    statement = program.tree.statement(step)
    loop = program.tree.parents.get(statement)
    if not isinstance(loop, ast.For) or statement not in loop.body:
        return None
    if program.tree.scopes[built] is not program.tree.scopes[step]:
        return None
    around = list(program.tree.ancestors(loop))
    inside = next((each for each in around if isinstance(each, FUNCTIONS)), None)
    between = around[: around.index(inside)] if inside else around
    if any(isinstance(each, (ast.For, ast.While)) for each in between):
        return None
    if any(isinstance(each, LEAVES) for each in ast.walk(loop)):
        return None
    counted = loop.iter
    ranged = isinstance(counted, ast.Call) and isinstance(counted.func, ast.Name)
    if not ranged or counted.func.id != "range" or len(counted.args) != 1:  # type: ignore[attr-defined]
        return None
    turns = program.constants.value(counted.args[0])  # type: ignore[attr-defined]
    return turns if isinstance(turns, int) else None


RULE = StaticRule(
    code="LR203",
    name="cosine-past-T_max-climbs-back",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
