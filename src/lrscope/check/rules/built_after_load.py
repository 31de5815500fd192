"""A scheduler is made after the optimizer's state was loaded.

What it means: making a scheduler writes the rate of every group, over the one that
``optimizer.load_state_dict()`` has just restored, and ``scheduler.load_state_dict()``
does not write it back.

Why it matters: the first update after a resume, or all of them, have a wrong rate.
Nothing warns.

Usual causes: the checkpoint is loaded where the optimizer is made, and the scheduler is
made further down.

What to do: make the optimizer and the scheduler first, then load both.

Looks the same, but is right: StepLR, MultiStepLR, ExponentialLR, CosineAnnealingLR and
PolynomialLR, which keep the rate they find; the optimizer's state loaded again
afterwards; a new schedule begun on purpose, whose own state is not loaded.

Upstream: pytorch/pytorch#119168, pytorch/pytorch#65342, ultralytics/yolov5#292,
hpcaitech/ColossalAI#5151
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import WARNING
from lrscope.check.known import CLOSED_FORM, RAMPS, WARMUP_FUNCTIONS
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.uses import CALLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program
    from lrscope.check.uses import Use

FOR_GOOD = frozenset({*RAMPS, "SequentialLR"})
"""Wrong in all updates after a resume; measured on torch 2.13."""
ONCE = frozenset({*CLOSED_FORM, *WARMUP_FUNCTIONS})
"""Wrong in the first."""
LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def _find(program: Program) -> Iterator[Mistake]:
    for restored in program.uses.calls_of("load_state_dict"):
        if len(restored.value.made) != 1 or restored.made.is_optimizer:
            continue
        made = restored.made
        optimizer = program.optimizer_of(made)
        if made.name not in FOR_GOOD | ONCE or optimizer is None:
            continue
        loads = program.uses.of(optimizer, CALLED, name="load_state_dict")
        built = _built(program, restored)
        if built is None or not loads or not program.is_followed_but_kept(optimizer):
            continue
        if all(_is_before(program, each.node, built, restored.node) for each in loads):
            which = "all updates" if made.name in FOR_GOOD else "the first update"
            yield Mistake(
                node=built,
                message=f"{made.name} is made after {optimizer.name} was loaded (line "
                f"{program.source.place(loads[-1].node.lineno)[1]}): {which} after a "  # type: ignore[attr-defined]
                "resume will have a wrong rate",
                fix="make the scheduler first, then load both states",
            )


def _built(program: Program, restored: Use) -> ast.stmt | None:
    """Return the only statement that binds what is restored, in the same function."""
    tree = program.tree
    node: ast.expr = restored.node.func.value  # type: ignore[attr-defined]
    receiver = ast.unparse(node)
    scope = tree.scopes[restored.node]
    found = [
        each
        for each in tree.nodes
        if isinstance(each, ast.Assign)
        and receiver in [ast.unparse(target) for target in each.targets]
        and not isinstance(each.value, ast.Constant)
    ]
    if isinstance(node, ast.Name):  # other functions have variables of this name
        home = scope.of(node.id)
        found = [each for each in found if tree.scopes[each].of(node.id) is home]
    if len(found) != 1 or tree.scopes[found[0]] is not scope:
        return None
    return found[0] if _makes(program, found[0].value, restored) else None


def _makes(program: Program, value: ast.expr, restored: Use) -> bool:
    """Say whether a value is what is restored as it is made, not taken from a name."""
    around = [restored.made.call, *program.tree.ancestors(restored.made.call)]
    if value in around:
        return True
    functions = [each.name for each in around if isinstance(each, ast.FunctionDef)]
    called = value.func if isinstance(value, ast.Call) else None
    name = getattr(called, "attr", None) or getattr(called, "id", None)
    return name in functions


def _is_before(
    program: Program, load: ast.AST, built: ast.stmt, restored: ast.AST
) -> bool:
    """Say whether a load is followed by the building and that by the restoring."""
    tree = program.tree
    if tree.scopes[load] is not tree.scopes[built]:
        return False
    lines = [each.lineno for each in (load, built, restored)]  # type: ignore[attr-defined]
    ordered = lines[0] < lines[1] < lines[2]
    return (
        ordered
        and _reaches(program, load, built)
        and _reaches(program, built, restored)
    )


def _reaches(program: Program, early: ast.AST, late: ast.AST) -> bool:
    """Say whether a statement can be followed by another, further down."""
    around_late = [late, *program.tree.ancestors(late)]
    node = program.tree.statement(early)
    while True:
        parent = program.tree.parents[node]
        for _, block in ast.iter_fields(parent):
            if isinstance(block, list) and node in block:
                if any(each in around_late for each in block):
                    return True
                rest = block[block.index(node) :]
                if any(isinstance(each, LEAVES) for each in rest):
                    return False
        if parent in around_late:
            return False  # in another branch of the same statement
        node = program.tree.statement(parent)


RULE = StaticRule(
    code="LR302",
    name="sched-built-after-optimizer-load",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
