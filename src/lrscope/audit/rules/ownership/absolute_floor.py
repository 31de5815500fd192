"""A floor for all groups lifts the rate of those that are below it.

What it means: the schedule ends at the same absolute rate for every group. A group
that was made with less than that rises while the others fall.

Why it matters: the small rate of the pretrained part is given up just when training
should become careful; ratios between groups are lost.

Usual causes: ``eta_min`` or ``min_lr`` is an absolute rate, the rates of groups are
multiples of a base rate.

What to do: a floor below the smallest rate, or a LambdaLR whose factor ends at a
fraction of each group's own rate.

Looks the same, but is right: groups with a scheduler or a function of their own, one of
which rises on purpose.

Upstream: open-mmlab/mmdetection3d#3059, open-mmlab/mmengine#725,
YalaLab/pillar-finetune#6
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.number import is_number
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

FLOORS = ("eta_min", "min_lr", "lr_min", "end_lr", "lr_end", "final_lr", "min_value")
"""Names that schedulers give to the rate at which they end."""

RISE = 1.5


def _subjects(case: Case) -> list[Optimizer]:
    return [each for each in case.optimizers if len(each.groups) > 1 and each.driven_by]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    floor = _floor(optimizer)
    lifted = [g for g in optimizer.groups if _is_lifted(g, optimizer, floor)]
    if not lifted:
        return
    group = max(lifted, key=lambda g: g.applied[-1] / max(g.made_with, 1e-300))
    begin, end = group.made_with, float(group.applied.max())
    told = f"a floor of {floor:.3g}" if floor else "one last rate for every group"
    yield RULE.found(
        group,
        f"the rate rose from {begin:.3g} to {end:.3g}, {end / begin:.3g} times, while "
        "that of other groups fell",
        cause=f"the scheduler has {told}, above the rate of this group",
        fix="choose a floor relative to each group's rate, or one below all of them",
        steps=(group.begins, group.last),
        evidence={"floor": floor, "groups_lifted": len(lifted)},
    )


def _is_lifted(group: Group, optimizer: Optimizer, floor: float | None) -> bool:
    """Say whether a group rose to a floor to which another one fell."""
    lr, made = group.applied, group.made_with
    if group.begins or not made > 0 or not group.is_finite:
        return False
    end = float(lr.max())
    if end <= RISE * made or not _rises(np.concatenate(([made], lr))):
        return False
    if floor is None:
        return _meets_another(group, optimizer)
    return made < floor and end <= 1.01 * floor and _another_falls(group, optimizer)


def _rises(lr: np.ndarray) -> bool:
    """Say whether a curve rises for the most part."""
    moves = np.diff(lr)
    return bool(np.count_nonzero(moves > 0) > np.count_nonzero(moves < 0))


def _another_falls(group: Group, optimizer: Optimizer) -> bool:
    return any(
        each.made_with > group.made_with and not _rises(each.applied)
        for each in optimizer.groups
        if each.changes.size
    )


def _meets_another(group: Group, optimizer: Optimizer) -> bool:
    """Say whether it ends at the rate to which a higher one fell."""
    end = float(group.applied[-1])
    return any(
        each is not group
        and each.made_with > RISE * end
        and not _rises(each.applied)
        and abs(float(each.applied[-1]) - end) <= 0.02 * end
        for each in optimizer.groups
        if each.applied.size == group.applied.size
    )


def _floor(optimizer: Optimizer) -> float | None:
    """Return the floor that a scheduler was given; None if none says so."""
    for scheduler in optimizer.driven_by:
        for part in scheduler.parts:
            given: dict[str, Any] = {**part.attributes, **part.arguments}
            for value in map(given.get, FLOORS):
                if is_number(value) and value > 0:
                    return float(value)
    return None


RULE = Rule(
    code="LR408",
    name="absolute-floor-breaks-ratios",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler that drives several groups",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-shorter-than-run",),
)
