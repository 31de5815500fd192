"""A scheduler was built and never stepped.

What it means: the scheduler drives an optimizer that was updated all through the run,
but nothing ever called its ``step()``. The rate stayed as it was.

Why it matters: the loss curve looks plausible, so nobody looks; the planned decay or
warm-up never happened. torch gives no warning at all.

Usual causes: the line is commented out or was lost when the loop was rewritten; the
scheduler is handed to a function that ignores it; a framework in manual mode leaves
stepping to the user.

What to do: call ``scheduler.step()`` after ``optimizer.step()``, once for each update
or once for each pass, whichever the scheduler's length is counted in; or delete it.

Looks the same, but is right: a run that ended within its first pass, with a scheduler
that is stepped by pass; a scheduler that is only asked for its formula while the rates
are written by hand; one of several schedulers whose phase was not reached (info). If a
twin that is bound to an optimizer that does not train is stepped in its place, the twin
is the mistake (info).

Upstream: tumurzakov/AnimateDiff#11, voicepaw/so-vits-svc-fork#291,
Lightning-AI/pytorch-lightning#6379, Lightning-AI/pytorch-lightning#12284
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

ENOUGH = 50
"""Updates after which a step should have come, where passes were not seen."""


def _had_time(scheduler: Scheduler) -> bool:
    optimizer = scheduler.optimizer
    if optimizer is None or optimizer.written:
        return False
    epochs = optimizer.epochs
    if epochs is None:
        return optimizer.updates >= ENOUGH and scheduler.training.ending.in_order
    whole = int(epochs.whole.sum())
    return whole >= 2 or (whole == 1 and scheduler.training.ending.in_order)


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.schedulers if each.steps or _had_time(each)]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer = scheduler.optimizer
    if scheduler.steps or optimizer is None:
        return
    others = [*optimizer.driven_by, *_misplaced(scheduler)]
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was never stepped in {optimizer.updates} updates",
        cause=f"{others[0].class_name} of {others[0].optimizer_name} was stepped"
        if others
        else "no call of its step() was reached",
        fix="call scheduler.step() after optimizer.step(), or delete the scheduler",
        severity=INFO if others else ERROR,
        steps=scheduler.throughout,
    )


def _misplaced(scheduler: Scheduler) -> list[Scheduler]:
    """Return schedulers that were stepped for an optimizer that never was."""
    return [
        each
        for each in scheduler.training.schedulers
        if each.steps and each.optimizer and not each.optimizer.calls.size
    ]


RULE = Rule(
    code="LR001",
    name="sched-never-stepped",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler and at least one whole pass or 50 updates after it was made",
    subjects=_subjects,
    judge=_judge,
)
