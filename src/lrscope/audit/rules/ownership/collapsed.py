"""Groups that were made with rates of their own all got the same one.

What it means: the optimizer was made with different rates for its groups; from the
first update on they are equal.

Why it matters: rates of their own are what groups are made for: the pretrained
backbone is trained at the rate of the new head.

Usual causes: OneCycleLR or CyclicLR were given one ``max_lr`` or ``base_lr`` for all
groups; a line writes one value into every group.

What to do: give a list with one value for each group, or write a factor times the rate
that the group was made with.

Looks the same, but is right: groups that differ in weight decay alone.

Upstream: Lightning-AI/pytorch-lightning#4983, flairNLP/flair#2641,
JUGGHM/PENet_ICRA2021#29
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.deviation import who_wrote
from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Optimizer]:
    return [
        each
        for each in case.optimizers
        if each.event and each.event.how == "constructed"
        if len(each.groups) > 1 and not any(g.begins for g in each.groups)
        if not each.loads_at_start
    ]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    made = [each.track.description.lr for each in optimizer.groups]
    if not all(np.isfinite(each) and each > 0 for each in made):
        return
    if max(made) <= 1.01 * min(made):
        return
    curves = [each.applied for each in optimizer.groups]
    if len({each.size for each in curves}) > 1:
        return
    since = 0 if _are_equal(curves) else 1  # rates may be written after the update
    first = curves[0][since:]
    if since and not (first.size > 1 and _are_equal([c[since:] for c in curves])):
        return
    if not first.any():
        return
    by = who_wrote(optimizer.groups[0], since) or "a line of the program"
    least, most = min(made), max(made)
    rates = ", ".join(f"{each:g}" for each in made[:4])
    yield RULE.found(
        optimizer,
        f"groups made with rates from {least:.3g} to {most:.3g} all have the same rate "
        + (
            f"from update 1 on, {float(first[0]):.3g} there"
            if since
            else f"in every update, {float(first[0]):.3g} in the first"
        ),
        cause="the program writes one rate into every group"
        if optimizer.written
        else f"{by} wrote one rate into every group",
        fix="multiply each group's own rate, as in group['lr'] = "
        f"group['initial_lr'] * factor with {rates} for initial_lr"
        if optimizer.written
        else f"give a list with a rate for each group, such as max_lr=[{rates}]",
        steps=(since, int(curves[0].size) - 1),
        where=distinct(*optimizer.writers, *optimizer.where),
        evidence={"made_with": made},
    )


def _are_equal(curves: list[NDArray[np.float64]]) -> bool:
    """Say whether curves are the same up to rounding."""
    one, *others = curves
    return all(bool((np.abs(one - o) <= 1e-6 * np.abs(one)).all()) for o in others)


RULE = Rule(
    code="LR407",
    name="per-group-lr-collapsed",
    severity=WARNING,
    page=__doc__,
    needs="an optimizer that was made with several groups",
    subjects=_subjects,
    judge=_judge,
    explains=("warmup-misses-first-update",),
)
