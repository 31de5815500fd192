"""One metric was given to ReduceLROnPlateau several times.

What it means: ``ReduceLROnPlateau`` was stepped several times with the same number and
no update between. Each of them but the first counts as an epoch without improvement.

Why it matters: the patience is used up in a fraction of the time; the rate is cut again
and again.

Usual causes: accelerate repeats each step for every process, for metric-driven
schedulers too; a callback that runs once for each of several metrics.

What to do: do not hand the scheduler to ``accelerator.prepare()``; step it once for
each evaluation.

Looks the same, but is right: a history of metrics that is replayed on resume, whose
numbers differ.

Upstream: huggingface/accelerate#3797
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


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if "Plateau" in each.class_name and each.metrics.size > 2
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    metrics, updates = scheduler.metrics, scheduler.updates_before_metrics
    again = (metrics[1:] == metrics[:-1]) & (updates[1:] == updates[:-1])
    if again.sum() < 3 or again.mean() < 0.4:
        return
    distinct = int((~again).sum()) + 1
    times = metrics.size / distinct
    yield RULE.found(
        scheduler,
        f"{scheduler.class_name} was given each metric {times:.3g} times: "
        f"{metrics.size} steps for {distinct} evaluations",
        cause="accelerate steps it once for each process"
        if scheduler.by_accelerate
        else "the line that steps it runs several times for each evaluation",
        fix="leave it out of accelerator.prepare(), and step it once an evaluation",
        evidence={
            "times": times,
            "patience": scheduler.event.arguments.get("patience"),
        },
    )


RULE = Rule(
    code="LR009",
    name="accelerate-plateau-patience-divided",
    severity=ERROR,
    page=__doc__,
    needs="a ReduceLROnPlateau whose metrics were recorded",
    subjects=_subjects,
    judge=_judge,
    explains=("plateau-per-batch", "lr-decays-too-fast"),
)
