"""A parameter group has a key that looks like a rate and is read by nobody.

What it means: torch keeps any key of a group, and uses only those it knows. The rate of
a group is ``lr``.

Why it matters: the group trains with the same rate as the others, without an error.

Usual causes: ``learning_rate``, or a factor such as ``lr_mult`` as other frameworks
have it.

What to do: ``{"params": …, "lr": base * factor}``.

Looks the same, but is right: keys that a scheduler or a function of your own reads, as
with timm and mmcv; the optimizer is then given to it, or the key is named again.

Upstream: msight-tech/research-ms-loss#27, huggingface/pytorch-image-models#2532
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lrscope.audit.finding import WARNING
from lrscope.check.groups import groups_of
from lrscope.check.rule import Mistake, StaticRule
from lrscope.check.uses import READ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.made import Made
    from lrscope.check.program import Program

LIKE_A_RATE = ("learning_rate", "lr_mult", "lr_mul", "lr_multiplier", "lr_scale")


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.optimizers:
        groups = groups_of(program, made)
        keys = {key for each in groups for key in each} & {*LIKE_A_RATE}
        if not keys or not program.is_followed_but_kept(made):
            continue
        for key in sorted(keys):
            values = [program.constants.number(each.get(key)) for each in groups]
            if not _is_read(program, made, key) and set(values) != {1}:
                yield Mistake(
                    node=made.call,
                    message=f"{made.name} does not know the key {key!r} of its groups: "
                    "it changes no rate",
                    fix='give each group its "lr"',
                )


def _is_read(program: Program, made: Made, key: str) -> bool:
    """Say whether anything else in the file could read a key of a group."""
    for each in program.tree.nodes:
        named = isinstance(each, ast.Constant) and each.value == key
        if named and not isinstance(program.tree.parents[each], ast.Dict):
            return True
    passed = program.uses.of(made, READ, name="param_groups")
    return any(_is_passed_on(program, use.node) for use in passed)


def _is_passed_on(program: Program, node: ast.AST) -> bool:
    """Say whether groups are given to something that could read all of their keys."""
    parent = program.tree.parents[node]
    return not isinstance(parent, (ast.Subscript, ast.For, ast.comprehension))


RULE = StaticRule(
    code="LR409",
    name="unknown-group-key",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
