"""The scheduler was stepped several times for each update.

What it means: between two updates there always are two (or more) steps of the same
scheduler, with one backward call, or from several lines that step it once each.

Why it matters: the schedule is over at half of the run.

Usual causes: a helper or a wrapper steps the scheduler already; code was moved from an
older interface and the old call was left in.

What to do: keep one call of ``scheduler.step()``.

Looks the same, but is right: a length that was multiplied to match; a scheduler on the
clock of another optimizer; accelerate, which steps once for each process by design.

Upstream: fastai/diffusion-nbs#49
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.stepping_lines import each_steps_every_update
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule
from lrscope.audit.rules.cadence import OVER_EARLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if not (each.by_accelerate or each.follows_metric)
        if each.between.size > 4
        if each.optimizer
        if each.optimizer.backward_per_call == 1 or each_steps_every_update(each)
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    inner = scheduler.between[1:-1]
    times = scheduler.per_call
    if times < 2 or (inner == times).mean() < 0.9 or scheduler.fits_the_run:
        return
    sites = scheduler.sites
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {times} times between updates: "
        f"{scheduler.steps} steps in {inner.size + 1} updates",
        cause=f"{len(sites)} lines step it"
        if len(sites) > 1
        else "the line that steps it runs several times for each update",
        fix="call scheduler.step() once after each optimizer.step()",
        steps=(0, int(inner.size)),
        evidence={"steps_per_update": times},
    )


RULE = Rule(
    code="LR005",
    name="two-sched-steps-per-update",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler stepped by the program, one backward call for each update or "
    "several lines that step it",
    subjects=_subjects,
    judge=_judge,
    explains=(
        *OVER_EARLY,
        "lr-decays-too-fast",
    ),
)
