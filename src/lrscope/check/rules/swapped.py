"""The lengths of warm-up and of the training are exchanged.

What it means: the scheduler is told to warm up for as long as the training lasts, and
to train for as long as the warm-up was meant to.

Why it matters: the rate rises during the whole training and never falls.

Usual causes: the positions of ``num_warmup_steps`` and ``num_training_steps`` in
``get_linear_schedule_with_warmup`` and its like.

What to do: name them: ``num_warmup_steps=…, num_training_steps=…``.

Looks the same, but is right: a long warm-up that is shorter than the training.

Upstream: shirley-wu/cross-doc-misinfo-detection#1
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.check.known import WARMUP_FUNCTIONS
from lrscope.check.made import NOT_GIVEN
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program

WARMUP = re.compile(
    r"(n|num|number_of|lr)?_?warm_?up_?(num_)?(steps?|iters?|updates?)?"
)
TOTAL = re.compile(
    r"(n|t|num|max)?_?(total|training|train|max)_?(training|train|num)?_?"
    r"(steps?|iters?|updates?)?"
)


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        if made.name not in WARMUP_FUNCTIONS:
            continue
        warmup = made.argument("num_warmup_steps")
        total = made.argument("num_training_steps")
        if warmup is None or total is None or NOT_GIVEN in (warmup, total):
            continue
        numbers = [program.constants.number(each) for each in (warmup, total)]
        by_name = TOTAL.fullmatch(_name(warmup)) and WARMUP.fullmatch(_name(total))
        by_value = None not in numbers and numbers[0] > numbers[1] > 0  # type: ignore[operator]
        if by_value or (by_name and None in numbers):
            yield Mistake(
                node=made.call,
                message=f"{made.name} warms up for {ast.unparse(warmup)} steps "
                f"of {ast.unparse(total)}: the rate only rises",
                fix=f"num_warmup_steps={ast.unparse(total)}, "
                f"num_training_steps={ast.unparse(warmup)}",
            )


def _name(node: ast.expr) -> str:
    """Return the last name in an expression such as ``args.warmup_steps``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    if isinstance(node, ast.Attribute):
        return node.attr.lower()
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value).lower()
    return node.id.lower() if isinstance(node, ast.Name) else ""


RULE = StaticRule(
    code="LR209",
    name="warmup-and-total-swapped",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
