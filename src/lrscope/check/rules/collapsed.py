"""One rate for all groups replaces the rates that they were given.

What it means: OneCycleLR and CyclicLR write ``max_lr`` into every group. A single
number makes groups equal that were built with different rates.

Why it matters: different rates are the reason to have groups; a pretrained backbone
then trains as fast as a fresh head.

Usual causes: the scheduler was added later.

What to do: one number for each group: ``max_lr=[1e-4, 1e-2]``.

Looks the same, but is right: groups that differ in weight decay only.

Upstream: Lightning-AI/pytorch-lightning#4983, flairNLP/flair#2641
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import WARNING
from lrscope.check.groups import rates_of
from lrscope.check.rule import Mistake, StaticRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.check.program import Program

SCALARS = {"OneCycleLR": ("max_lr",), "CyclicLR": ("base_lr", "max_lr")}


def _find(program: Program) -> Iterator[Mistake]:
    for made in program.schedulers:
        optimizer = program.optimizer_of(made)
        if made.name not in SCALARS or optimizer is None:
            continue
        rates = rates_of(program, optimizer) or []
        scalars = [program.number(made, each, None) for each in SCALARS[made.name]]
        if len(set(rates)) > 1 and None not in scalars:
            shown = ", ".join(f"{each:g}" for each in rates)
            yield Mistake(
                node=made.call,
                message=f"{made.name} gives all groups max_lr={scalars[-1]:g}; they "
                f"were made with {shown}",
                fix="max_lr needs a list with one rate for each group",
            )


RULE = StaticRule(
    code="LR407",
    name="per-group-lr-collapsed",
    severity=WARNING,
    page=__doc__,
    find=_find,
)
