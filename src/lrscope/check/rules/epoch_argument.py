"""A scheduler is stepped with an argument.

What it means: ``scheduler.step(x)`` takes x for the number of the epoch. The scheduler
jumps there, and switches from its recursive to its closed form.

Why it matters: the epoch is often one off, in which case every decay comes one epoch
late; rates set by hand or by a second scheduler are lost; a loss given by mistake
becomes an epoch. SequentialLR and ChainedScheduler raise TypeError.

Usual causes: code from before torch 1.4; a scheduler put in the place of
ReduceLROnPlateau, whose ``step`` takes a metric.

What to do: ``scheduler.step()``.

Looks the same, but is right: ReduceLROnPlateau; CosineAnnealingWarmRestarts with
fractions of an epoch; schedulers of timm and ignite. For LambdaLR, OneCycleLR and
CyclicLR only torch's deprecation matters (info).

Upstream: pytorch/pytorch#20527, pytorch/pytorch#31828, pytorch/pytorch#36913,
pytorch/pytorch#55135
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import INFO, WARNING
from lrscope.check.known import CHAINABLE, COMPOSITES
from lrscope.check.program import PLATEAU
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.uses import CALLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program
    from lrscope.check.uses import Use

BY_RIGHT = frozenset({PLATEAU, "CosineAnnealingWarmRestarts"})
"""Schedulers that may be stepped with an argument."""


def _find(program: Program) -> Iterator[Mistake]:
    for use in program.uses.calls_of("step"):
        names = {each.name for each in use.value.made}
        if any(each.is_optimizer for each in use.value.made) or names & BY_RIGHT:
            continue
        argument = _argument(use.node)
        if argument is None or _is_meant(program, use):
            continue
        shown, given = " or ".join(sorted(names)), ast.unparse(argument)
        if names <= {*COMPOSITES}:
            message = f"step({given}) of {shown} raises TypeError: it takes no argument"
        else:
            message = (
                f"step({given}) of {shown} takes {given} for the number of the epoch"
            )
        harms = names & {*CHAINABLE, *COMPOSITES}
        yield Mistake(
            node=use.node,
            message=message,
            fix="call step() without an argument",
            severity=None if harms else INFO,
        )


def _argument(call: ast.AST) -> ast.expr | None:
    """Return the argument of a call; None if it has none, or None, or it is unclear."""
    if not isinstance(call, ast.Call):
        return None
    given = [*call.args, *(each.value for each in call.keywords if each.arg == "epoch")]
    if len(given) != 1 or len(call.args) + len(call.keywords) != 1:
        return None
    unclear = isinstance(given[0], (ast.Starred, ast.Constant))
    plain = isinstance(given[0], ast.Constant) and given[0].value is not None
    return None if unclear and not plain else given[0]


def _is_meant(program: Program, use: Use) -> bool:
    """Say whether the program seems to know what kind of scheduler it has."""
    func = use.node.func  # type: ignore[attr-defined]
    mixed = any(
        not each.node.args and not each.node.keywords  # type: ignore[attr-defined]
        for made in use.value.made
        for each in program.uses.of(made, CALLED, name="step")
    )
    return mixed or program.is_guarded(use.node, func.value)


RULE = StaticRule(
    code="LR607",
    name="step-with-epoch-argument",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
