"""The scheduler is stepped before the optimizer.

What it means: in each turn of the loop ``scheduler.step()`` comes before
``optimizer.step()``. The first rate of the schedule is never used, all others come one
notch early.

Why it matters: the highest rate, or the first epoch's, is lost.

Usual causes: code from before torch 1.1, when this was the order.

What to do: call ``optimizer.step()`` first, then ``scheduler.step()``.

Looks the same, but is right: rates set at the start of a turn by a function of the
step, as timm, fairseq and nanoGPT do; a step with an explicit epoch; a warm-up from 0,
whose first rate is skipped on purpose (LambdaLR and transformers' functions are not
judged).

Upstream: ming024/FastSpeech2#112, WenmuZhou/PSENet.pytorch#93,
Abe404/segmentation_of_roots_in_soil_with_unet#4, zju3dv/NeuralRecon#51
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import WARNING
from lrscope.check.made import NOT_GIVEN
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.uses import CALLED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrscope.check.program import Program

JUDGED = frozenset(
    [
        "StepLR",
        "MultiStepLR",
        "ExponentialLR",
        "CosineAnnealingLR",
        "PolynomialLR",
        "LinearLR",
        "OneCycleLR",
        "CyclicLR",
        "CosineAnnealingWarmRestarts",
    ]
)


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        steps = program.uses.of(made, CALLED, name="step")
        optimizer = program.optimizer_of(made)
        fresh = made.argument("last_epoch") is NOT_GIVEN
        if made.name not in JUDGED or len(steps) != 1 or not optimizer or not fresh:
            continue
        (step,) = steps
        if len(step.value.made) != 1 or step.node.args or step.node.keywords:  # type: ignore[attr-defined]
            continue
        followed = all(map(program.is_followed_but_kept, (made, optimizer)))
        updates = [each.node for each in program.updates_of(optimizer)]
        if followed and updates and _all_follow(program, step.node, updates):
            first = min(updates, key=lambda each: getattr(each, "lineno", 0))
            yield Mistake(
                node=step.node,
                message=f"{made.name} is stepped before {optimizer.name} is updated "
                f"(line {program.source.place(first.lineno)[1]}): each rate comes "  # type: ignore[attr-defined]
                "one step too early",
                fix="call scheduler.step() after optimizer.step()",
            )


def _all_follow(program: Program, step: ast.AST, updates: Sequence[ast.AST]) -> bool:
    """Say whether all updates come after a step in the body of its loop."""
    statement = program.tree.statement(step)
    loop = program.tree.parents.get(statement)
    plain = isinstance(statement, ast.Expr) and statement.value is step
    if not plain or not isinstance(loop, (ast.For, ast.While)):
        return False
    if statement not in loop.body:
        return False
    later = loop.body[loop.body.index(statement) + 1 :]
    return all(_is_within(program, each, later, 0) for each in updates)


def _is_within(
    program: Program, node: ast.AST, statements: Sequence[ast.stmt], depth: int
) -> bool:
    """Say whether a node runs in some statements only, itself or through calls."""
    for each in program.tree.ancestors(node):
        if each in statements:
            return True
        if isinstance(each, ast.FunctionDef):
            calls = program.calls.of(each) if depth < 5 else None
            return bool(calls) and all(
                _is_within(program, call, statements, depth + 1) for call in calls or ()
            )
    return False


RULE = StaticRule(
    code="LR101",
    name="sched-before-optimizer",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
