"""ReduceLROnPlateau was stepped without a metric.

What it means: ``step()`` was called without the number that it decides by; it raises
``TypeError``. SequentialLR refuses such a scheduler altogether.

Why it matters: the training ends at the first step of the scheduler, or, where the
error is caught, the rate is never cut.

Usual causes: one loop for all schedulers calls ``step()``; the class of the scheduler
comes from a configuration; a scheduler that waits for a metric was put in a sequence.

What to do: ``scheduler.step(val_loss)``; leave it out of SequentialLR.

Looks the same, but is right: schedulers of other libraries whose metric is optional.

Upstream: junyanz/pytorch-CycleGAN-and-pix2pix#495, mittagessen/kraken#635,
victoresque/pytorch-template#89, ContinualAI/avalanche#692, pytorch/pytorch#68978
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

REFUSED = "does not support `ReduceLROnPlateau`"
"""What torch says of one in a sequence (2.2 and later)."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.schedulers
        if each.made_of("ReduceLROnPlateau") and each.event.module.startswith("torch.")
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    bare = {k: v for k, v in scheduler.items.items() if "argument" not in v}
    times = scheduler.training.tally.total(bare)
    ending = scheduler.training.ending
    missing = ending.error == "TypeError" and "'metrics'" in ending.message
    if REFUSED in ending.message:
        yield RULE.found(
            scheduler,
            f"the run ended with {ending.error}: {ending.message}",
            cause="a scheduler that waits for a metric was put in a sequence",
            fix="step it beside the sequence: scheduler.step(val_loss)",
            evidence={"exception": ending.exception},
        )
    elif missing or (times and scheduler.class_name == "ReduceLROnPlateau"):
        yield RULE.found(
            scheduler,
            f"{scheduler.class_name} was stepped without a metric"
            + (f": {ending.message}" if missing else f" {times} times"),
            cause="scheduler.step() was called without an argument",
            fix="scheduler.step(val_loss)",
            evidence={"steps_without_metric": times},
        )


RULE = Rule(
    code="LR501",
    name="plateau-missing-metric",
    severity=ERROR,
    page=__doc__,
    needs="a ReduceLROnPlateau",
    subjects=_subjects,
    judge=_judge,
    explains=("sched-never-stepped",),
)
