"""The schedule's length counts batches, but it is stepped once for each update.

What it means: with gradient accumulation over k batches the schedule ended at 1/k of
its length, because its length is the number of batches.

Why it matters: the rate never comes near its floor; restarts come k times too seldom.

Usual causes: ``len(loader) * epochs`` is used as the length, without dividing by the
accumulation; or the length is multiplied by the accumulation where it should not be.
With several processes ``len(loader)`` may count the batches of all: both are named.

What to do: divide the length by the number of accumulated batches.

Looks the same, but is right: a run that was stopped early just there; a length that is
long on purpose.

Upstream: huggingface/diffusers#4387, huggingface/diffusers#2632,
huggingface/transformers#27667, NovaSky-AI/SkyRL#873
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR, WARNING
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
        if each.training.ending.in_order and len(each.training.optimizers_called) == 1
        if each.optimizer and each.optimizer.accumulation > 1
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer, horizon = scheduler.optimizer, scheduler.horizon
    if optimizer is None or horizon is None or scheduler.per_call != 1:
        return
    batches, processes = optimizer.accumulation, scheduler.training.world_size
    both = processes > 1 and scheduler.ended_at_one_in(batches * processes)
    either = processes == batches
    times = batches * processes if both else batches
    divides = scheduler.ended_at_one_in(times)
    if not divides and horizon.steps != optimizer.ratios["backward_calls"]:
        return
    yield RULE.found(
        scheduler,
        f"{scheduler.called} ended at {scheduler.progress:.0%} of its length: "
        f"{scheduler.position} steps of {horizon.steps}",
        cause=f"its length counts the batches of all {processes} processes; {batches} "
        "on each make one update"
        if both
        else f"its length counts batches; {batches} of them make one update"
        + (f" (there are also {batches} processes: it may be either)" * either),
        fix=f"divide {horizon.name} by {times}"
        if divides
        else f"set {horizon.name} to the {scheduler.position} updates that these "
        f"{horizon.steps} batches make",
        severity=WARNING if scheduler.training.ending.asked_for else ERROR,
        steps=scheduler.throughout,
        evidence={"accumulation": batches, "processes": processes},
    )


RULE = Rule(
    code="LR007",
    name="horizon-ignores-accumulation",
    severity=ERROR,
    page=__doc__,
    needs="gradient accumulation, one optimizer, a scheduler of known length, and the "
    "end of the run",
    subjects=_subjects,
    judge=_judge,
    explains=(*OVER_LATE, "steps-per-epoch-from-sample-counts"),
)
