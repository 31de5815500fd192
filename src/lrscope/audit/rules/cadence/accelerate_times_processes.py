"""accelerate stepped the scheduler once for each process.

What it means: each call of ``scheduler.step()`` advanced the scheduler by the number of
processes, as accelerate does unless ``split_batches`` is set, and the schedule did not
end with the run.

Why it matters: on N devices the schedule is over at 1/N of the run; one script gives a
different curve on each machine.

Usual causes: the length was computed in real updates, from the loader after
``accelerator.prepare()``; the scheduler is stepped once a pass, and there are as many
passes on N devices as on one.

What to do: compute the length from the loader before ``prepare()``, or do not hand the
scheduler to ``prepare()``.

Looks the same, but is right: the recipe of accelerate's documentation, whose length is
that of the loader before it was prepared: the schedule ends with the run (info).

Upstream: huggingface/accelerate#2926, huggingface/accelerate#2773,
huggingface/accelerate#1398, huggingface/diffusers#3954
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.rule import Rule
from lrscope.audit.rules.cadence import OVER_EARLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

EARLY = 0.1
"""Share of the updates that must come after its end."""


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
    horizon = scheduler.horizon
    share = "" if horizon is None else f", {scheduler.progress or 0:.0%} of its length"
    by_pass = _is_by_pass(scheduler) and not scheduler.fits_the_run
    yield RULE.found(
        scheduler,
        f"{scheduler.called} advanced by {times} for each call of step(), to "
        f"{scheduler.position}{share}",
        cause=f"accelerate steps it once for each of the {times} processes"
        + (", which do not make passes shorter" if by_pass else ""),
        fix="compute the length from the loader before accelerator.prepare(), "
        "or leave the scheduler out of prepare()",
        severity=ERROR if by_pass or _is_over_early(scheduler) else INFO,
        evidence={"steps_per_call": times},
    )


def _is_by_pass(scheduler: Scheduler) -> bool:
    """Say whether the program steps it once a pass: ranks change nothing there."""
    epochs = scheduler.epochs
    if epochs is None or epochs.count < 2 or scheduler.per_call:
        return False
    stepped = np.count_nonzero(scheduler.between)
    return bool(abs(stepped - epochs.count) <= 1 and epochs.calls.min() > 1)


def _is_over_early(scheduler: Scheduler) -> bool:
    """Say whether it was at its end before the run was; accelerate stops OneCycleLR."""
    horizon = scheduler.horizon
    if horizon is None:
        tails = [e.tail if e.applied[-1] < e.peak else 0 for e in scheduler.groups]
        return min(tails, default=0) > EARLY * scheduler.updates
    begun = scheduler.position - scheduler.steps
    reached = begun + np.cumsum(scheduler.between[:-1], dtype=np.int64)
    after = np.count_nonzero(reached >= horizon.steps)
    return bool(horizon.ends_run and after > EARLY * reached.size)


RULE = Rule(
    code="LR008",
    name="accelerate-steps-xN-processes",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler that accelerate steps, in several processes",
    subjects=_subjects,
    judge=_judge,
    explains=OVER_EARLY,
)
