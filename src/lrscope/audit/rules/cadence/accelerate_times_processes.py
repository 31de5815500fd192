"""accelerate stepped the scheduler once for each process.

What it means: each call of ``scheduler.step()`` advanced the scheduler by the number of
processes, as accelerate does unless ``split_batches`` is set, and the schedule did not
end with the run.

Why it matters: on N devices the schedule is over at 1/N of the run; one script gives a
different curve on each machine.

Usual causes: the length was computed in real updates, from the loader after
``accelerator.prepare()``.

What to do: compute the length from the loader before ``prepare()``, or do not hand the
scheduler to ``prepare()``.

Looks the same, but is right: the recipe of accelerate's documentation, whose length is
that of the loader before it was prepared: the schedule ends with the run (info).

Upstream: huggingface/accelerate#2926, huggingface/accelerate#2773,
huggingface/accelerate#1398, huggingface/diffusers#3954
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


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if each.by_accelerate and each.training.world_size > 1
        if not each.follows_metric
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    times = scheduler.training.world_size
    used = scheduler.between[scheduler.between > 0]
    if not used.size or (used % times == 0).mean() < 0.9:
        return
    horizon, progress = scheduler.horizon, scheduler.progress or 0.0
    over = horizon is not None and horizon.ends_run and progress > 1.1
    share = "" if horizon is None else f", {progress:.0%} of its length"
    yield RULE.found(
        scheduler,
        f"{scheduler.called} advanced by {times} for each call of step(), to "
        f"{scheduler.position}{share}",
        cause=f"accelerate steps it once for each of the {times} processes",
        fix="compute the length from the loader before accelerator.prepare(), "
        "or leave the scheduler out of prepare()",
        severity=ERROR if over else INFO,
        evidence={"steps_per_call": times},
    )


RULE = Rule(
    code="LR008",
    name="accelerate-steps-xN-processes",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler that accelerate steps, in several processes",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "schedule-shorter-than-run",
        "cosine-past-T_max-climbs-back",
        "onecycle-overrun-crash",
    ),
)
