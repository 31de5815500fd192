"""A scheduler is made and never stepped.

What it means: the file updates the optimizer, and nothing in it ever calls ``step()``
of the scheduler or hands it to anything that could.

Why it matters: the rate stays as it is; the planned decay or warm-up never happens.
torch gives no warning at all.

Usual causes: the line was lost when the loop was rewritten; the scheduler is handed to
a function that ignores it.

What to do: call ``scheduler.step()`` after ``optimizer.step()``, once for each update
or once for each epoch, whichever its length is counted in; or delete it.

Looks the same, but is right: a scheduler that is returned, stored, or given to a
Trainer, to accelerate or to Lightning, which step it; one that is only asked for its
formula; a part of a composite scheduler.

Upstream: tumurzakov/AnimateDiff#11, voicepaw/so-vits-svc-fork#291,
Lightning-AI/pytorch-lightning#6379, Lightning-AI/pytorch-lightning#12284
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.uses import BOUND, CALLED, READ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.made import Made
    from lrscope.check.program import Program


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        optimizer = program.optimizer_of(made)
        if optimizer is None or not program.updates_of(optimizer):
            continue
        if not program.is_followed(made) or _is_moved(program, made):
            continue
        if not _is_constant(made):
            yield Mistake(
                node=made.call,
                message=f"{made.name} is made, {optimizer.name} is updated, and "
                "nothing here steps the scheduler",
                fix="call scheduler.step() after optimizer.step(), or delete it",
            )


def _is_moved(program: Program, made: Made) -> bool:
    asked = program.uses.of(made, CALLED, name="get_lr")
    methods = {"step", "_step", "__getattribute__"}
    touched = program.uses.of(made, CALLED, READ)
    bound = program.uses.of(made, BOUND)
    return bool(asked or bound) or any(each.name in methods for each in touched)


def _is_constant(made: Made) -> bool:
    rule = made.argument("lr_lambda")
    return isinstance(rule, ast.Lambda) and isinstance(rule.body, ast.Constant)


RULE = StaticRule(
    code="LR001",
    name="sched-never-stepped",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
