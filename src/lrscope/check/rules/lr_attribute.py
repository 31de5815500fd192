"""A rate is written where the optimizer does not read it.

What it means: ``optimizer.lr = x`` makes a new attribute, and
``optimizer.defaults["lr"]`` is what groups added later begin with. The rate in use is
``group["lr"]`` of every group.

Why it matters: nothing changes, without an error.

Usual causes: the way other libraries do it.

What to do: ``for group in optimizer.param_groups: group["lr"] = x``.

Looks the same, but is right: an optimizer of your own that has such an attribute; code
that reads the attribute again and writes it into the groups; defaults that are changed
before a group is added.
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

FIX = 'for group in optimizer.param_groups: group["lr"] = …'
NAMES = ("lr", "learning_rate")


def _find(program: Program) -> Iterator[Mistake]:
    seen: set[ast.AST] = set()
    for made in program.optimizers:
        if not program.is_followed_but_kept(made) or program.tree.is_dynamic:
            continue
        read = {each.name for each in program.uses.of(made, READ, CALLED)}
        for use in program.uses.of(made, BOUND):
            if use.name in NAMES and use.name not in read and use.node not in seen:
                seen.add(use.node)
                shown = ast.unparse(use.node)
                yield Mistake(
                    node=use.node,
                    message=f"{shown} is an attribute that {made.name} never reads: "
                    "no rate changes",
                    fix=FIX,
                )
        if "add_param_group" not in read:
            yield from _defaults(program, made)


def _defaults(program: Program, made: Made) -> Iterator[Mistake]:
    for use in program.uses.of(made, READ, name="defaults"):
        parent = program.tree.parents[use.node]
        if not isinstance(parent, ast.Subscript) or isinstance(parent.ctx, ast.Load):
            continue
        if isinstance(parent.slice, ast.Constant) and parent.slice.value == "lr":
            yield Mistake(
                node=parent,
                message=f"{ast.unparse(parent)} is for groups that are added later: "
                "no rate changes",
                fix=FIX,
            )


RULE = StaticRule(
    code="LR495",
    name="lr-written-beside-the-groups",
    severity=ERROR,
    page=__doc__,
    find=_find,
)
