"""A group was added under a scheduler that does not know it.

What it means: the scheduler's lists have an entry for each group that there was when it
was made. A group was added later, and the scheduler was stepped on.

Why it matters: LinearLR and ConstantLR undo for the new group a factor that it never
had, so that its rate becomes several times what it was given; LambdaLR, CyclicLR and
OneCycleLR raise an error; schedulers of others leave the new group out.

Usual causes: layers are unfrozen in the middle of the training.

What to do: add all groups before the scheduler is made, frozen ones with
``requires_grad_(False)``; or make a new scheduler when a group is added.

Looks the same, but is right: StepLR, MultiStepLR, ExponentialLR, CosineAnnealingLR,
PolynomialLR and ReduceLROnPlateau take new groups along (torch 2.13).

Upstream: pytorch/pytorch#20997, pytorch/pytorch#62475, pytorch/pytorch#104361,
Lightning-AI/pytorch-lightning#8720, Lightning-AI/pytorch-lightning#12141,
airaria/TextBrewer#12
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.added import Added
from lrscope.audit.finding import ERROR, WARNING
from lrscope.audit.rule import Rule
from lrscope.recording.events import GroupAdded, GroupsChanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding
    from lrscope.recording.events import Event


def _subjects(case: Case) -> list[Added]:
    return [
        Added(each, event)
        for each in case.schedulers
        for _, event in _told_of(each)
        if isinstance(event, (GroupAdded, GroupsChanged))
        if event.optimizer == each.event.optimizer
        if event.groups and _knew_fewer(each, event)
    ]


def _told_of(scheduler: Scheduler) -> list[tuple[int, Event]]:
    history = scheduler.training.process.history
    return history.rare_of.get(scheduler.event.optimizer, [])


def _knew_fewer(scheduler: Scheduler, event: GroupAdded | GroupsChanged) -> bool:
    groups = len(scheduler.event.rates)
    return 0 < groups < len(event.order) and scheduler.event.row <= event.row


def _judge(added: Added) -> Iterator[Finding]:
    given = {each.number: each.lr for each in added.event.groups}
    crash = added.crash
    if crash is not None:
        yield _found(added, f"the program ended with {crash}", ERROR)
        return
    if not added.steps_after:
        return
    for group in added.groups:
        lr, base = group.applied, given[group.index]
        if not base > 0 or _others_write(added):
            continue
        if _grows(added, group, base):
            yield _found(
                added,
                f"its rate became {float(lr.max()):.3g}, "
                f"{float(lr.max()) / base:.3g} times the {base:.3g} it was given",
                ERROR,
                group,
            )
            return
        if _is_left_out(added, group, base):
            yield _found(
                added, f"its rate stays {base:.3g} while others move", WARNING, group
            )
            return


def _found(
    added: Added, told: str, severity: Any, group: Group | None = None
) -> Finding:
    return RULE.found(
        added,
        f"a group was added after {added.scheduler.called} was made for "
        f"{len(added.scheduler.event.rates)}; {told}",
        cause="the scheduler keeps one entry for each group that there was when it was "
        "made, and works from what it wrote before",
        fix="add all groups before the scheduler is made, or make a new one then",
        severity=severity,
        steps=(group.begins, group.last) if group else None,
        evidence={"groups_known": len(added.scheduler.event.rates)},
    )


def _others_write(added: Added) -> bool:
    """Say whether anything else moves the rates after the groups were added."""
    optimizer = added.scheduler.optimizer
    return optimizer is None or bool(
        optimizer.written
        or any(each is not added.scheduler for each in optimizer.driven_by)
    )


def _grows(added: Added, group: Group, base: float) -> bool:
    """Say whether an undone factor lifted the rate above what was given."""
    if not added.scheduler.made_of("LinearLR", "ConstantLR"):
        return False
    return float(group.applied.max()) > 1.05 * base


def _is_left_out(added: Added, group: Group, base: float) -> bool:
    """Say whether a group stands still while those that were known move."""
    lr = group.applied
    if lr.size < 2 or np.any(np.abs(lr - base) > 1e-9 * base):
        return False
    if added.scheduler.event.module.startswith("torch."):
        return False  # those take new groups along, or raise
    known = [
        each.applied[-lr.size :]
        for each in added.scheduler.groups
        if each.begins < group.begins and each.applied.size >= lr.size
    ]
    return any(np.ptp(each) > 0.05 * np.max(np.abs(each)) for each in known)


RULE = Rule(
    code="LR410",
    name="group-added-after-scheduler",
    severity=ERROR,
    page=__doc__,
    needs="a group that was added after a scheduler was made",
    subjects=_subjects,
    judge=_judge,
)
