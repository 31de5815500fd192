"""The schedule's length was computed before the data was divided among processes.

What it means: the schedule ended at 1/N of its length on N processes: its length counts
the batches of all of them, each process takes only its share.

Why it matters: the decay is N times too slow; the last rate is far above the floor.

Usual causes: ``len(loader)`` was taken before the loader was given a distributed
sampler or was prepared.

What to do: compute the length after the loader is divided, or divide it by the number
of processes.

Looks the same, but is right: a run that was stopped early at just that fraction.

Upstream: huggingface/diffusers#8312, huggingface/diffusers#6137,
huggingface/accelerate#341, Lightning-AI/pytorch-lightning#2149
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule
from lrscope.audit.rules.cadence import OVER_LATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.to_end
        if each.training.world_size > 1 and each.training.ending.in_order
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer, processes = scheduler.optimizer, scheduler.training.world_size
    if optimizer is None or scheduler.per_call != 1:
        return
    if not scheduler.ended_at_one_in(processes) or scheduler.training.ending.asked_for:
        return
    both = optimizer.accumulation == processes
    yield RULE.found(
        scheduler,
        f"{scheduler.called} ended at {scheduler.progress:.0%} of its length in each "
        f"of {processes} processes",
        cause=f"its length counts the batches of all {processes} processes"
        + (f" (or the {processes} batches accumulated for an update)" if both else ""),
        fix="compute the length from the loader that is divided among processes",
        steps=scheduler.throughout,
        evidence={"processes": processes},
    )


RULE = Rule(
    code="LR010",
    name="horizon-computed-before-sharding",
    severity=ERROR,
    page=__doc__,
    needs="several processes, a scheduler of known length, and the end of the run",
    subjects=_subjects,
    judge=_judge,
    explains=(*OVER_LATE, "steps-per-epoch-from-sample-counts"),
)
