"""A decay written by hand goes below 0, or never decays.

What it means: the rate went on falling through 0, because nothing stops the formula at
its end; or a scheduler with a length left the rate as it was until its end.

Why it matters: with a negative rate each update makes the loss worse. A negative number
to a power such as 0.9 is complex, and the next update fails with another message.

Usual causes: ``1 - step / total`` in a run that is longer than ``total``; a condition
with ``%`` that is always true; a whole division.

What to do: ``max(0.0, 1 - step / total)``, and a total that is the number of steps.

Looks the same, but is right: schedules that are constant on purpose.

Upstream: meetps/pytorch-semseg#151, meetps/pytorch-semseg#263,
meetps/pytorch-semseg#186, monniert/docExtractor#15
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.falling import crossing
from lrscope.audit.finding import ERROR, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

KNOWN = ("torch.", "transformers.", "timm.", "lrscope.", "ignite.")
"""Modules whose schedulers are not written by hand."""
FLAT = ("const", "dummy", "noop", "null", "identity", "fixed")
"""What a scheduler that changes nothing on purpose is called."""


def _subjects(case: Case) -> list[Optimizer]:
    return [each for each in case.optimizers if each.groups]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    yield from _negative(optimizer)
    yield from _complex(optimizer)
    for scheduler in optimizer.schedulers:
        yield from _inert(scheduler)


def _negative(optimizer: Optimizer) -> Iterator[Finding]:
    for group in optimizer.groups:
        first = crossing(group.applied)
        if first is None:
            continue
        below = int((group.applied < 0).sum())
        yield RULE.found(
            group,
            f"{below} of {group.applied.size} updates had a negative rate, the first "
            f"one update {group.begins + first}: they made the loss worse",
            cause="the formula of the rate goes on below 0 after its end",
            fix="max(0.0, …) round the formula, and a length that is that of the run",
            steps=(group.begins + first, group.last),
            evidence={
                "negative_updates": below,
                "lowest": float(np.nanmin(group.applied)),
            },
        )


def _complex(optimizer: Optimizer) -> Iterator[Finding]:
    for each in optimizer.not_numbers:
        if each.type == "complex":
            yield RULE.found(
                optimizer,
                f"the rate became a complex number: {each.value}",
                cause="a negative number was raised to a power that is not whole",
                fix="max(0.0, …) round what is raised to the power",
                where=optimizer.writers,
                evidence={"value": each.value},
            )
            return


def _inert(scheduler: Scheduler) -> Iterator[Finding]:
    """Find a decay of one's own that came to its end and never changed the rate."""
    own, optimizer = scheduler.event, scheduler.optimizer
    by_hand = own.class_name == "LambdaLR" or not own.module.startswith(KNOWN)
    length = scheduler.horizon
    if not by_hand or length is None or optimizer is None or optimizer.written:
        return
    called = f"{own.class_name} {own.arguments.get('lr_lambda')}".lower()
    if scheduler.follows_metric or any(word in called for word in FLAT):
        return
    if len(optimizer.schedulers) > 1 or (scheduler.progress or 0) < 0.9:
        return
    if optimizer.is_constant and scheduler.steps >= 10 and optimizer.updates >= 10:
        yield RULE.found(
            scheduler,
            f"{scheduler.called} was stepped {scheduler.steps} times and never changed "
            "the rate",
            cause="its formula gives the same rate at every step",
            fix="print the rates that it gives for steps 0 to its length",
            severity=WARNING,
            evidence={"steps": scheduler.steps, "length": length.steps},
        )


RULE = Rule(
    code="LR609",
    name="hand-written-poly-inert-or-negative",
    severity=ERROR,
    page=__doc__,
    needs="an optimizer that was updated",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "lr-not-finite-or-negative",
        "schedule-shorter-than-run",
        "sched-never-stepped",
    ),
)
