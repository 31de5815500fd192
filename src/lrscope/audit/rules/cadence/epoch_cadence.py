"""A schedule counted in updates was stepped once a pass.

What it means: the schedule's length fits the number of updates, or it is a CyclicLR,
but ``step()`` was called once for each pass over the data. It moved a notch a pass and
never got far.

Why it matters: OneCycleLR or a warm-up stays near its tiny first rate for the whole
run; the peak is never reached.

Usual causes: ``total_steps``, ``steps_per_epoch`` or ``T_max`` is computed from the
loader's length while ``scheduler.step()`` stands in the loop over passes; in Lightning
the interval is "epoch" unless it is set to "step".

What to do: move ``scheduler.step()`` into the loop over batches, after
``optimizer.step()``; or give the length in passes.

Looks the same, but is right: a short trial of a long schedule; a length in passes that
happens to be large.

Upstream: pytorch/pytorch#65417, Lightning-AI/pytorch-lightning#3869,
Lightning-AI/pytorch-lightning#5631, Lightning-AI/pytorch-lightning#19534
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.held import held_by
from lrscope.audit.facts.horizon import TOTALS, Horizon
from lrscope.audit.facts.number import as_number
from lrscope.audit.finding import ERROR, WARNING
from lrscope.audit.rule import Rule
from lrscope.audit.rules.cadence import OVER_LATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

NEARLY = 0.03
"""Relative difference of a length from the number of updates."""
FAR = 5
"""How many times longer than its steps a schedule must be."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if _horizon_of(each)
        if not each.by_argument and case.is_last(each)
        if each.calls_per_step < 2 or each.steps >= 2
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    horizon, calls = _horizon_of(scheduler), scheduler.calls.size
    if horizon is None or scheduler.per_call > 0:
        return
    each = scheduler.calls_per_step
    length = horizon.warmup if horizon.rises_only else horizon.steps
    if each < 2 or length < FAR * scheduler.position:
        return
    fits = abs(length / calls - 1) <= NEARLY
    cycles = scheduler.class_name == "CyclicLR"
    within = 2 * each <= length and (cycles or length <= 1.1 * calls)
    if not fits and (not within or scheduler.training.ending.by_choice):
        return
    counts = (
        f"its length is {'that' if fits else 'in the order'} of the {calls} updates"
    )
    if cycles:
        counts = "its cycles count updates"
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {scheduler.steps} times in {calls} updates: "
        f"it came to {scheduler.position / length:.0%} of its "
        f"{'first rise' if cycles else 'length'}",
        cause=f"{counts}, but it is stepped once every {each:.0f} updates",
        fix="call scheduler.step() after every optimizer.step(), "
        f"or give its {horizon.name if cycles else 'length'} in passes",
        severity=ERROR if fits and not scheduler.training.ending.by_choice else WARNING,
        steps=(0, calls - 1),
        evidence={"calls_per_step": round(each, 2)},
    )


def _horizon_of(scheduler: Scheduler) -> Horizon | None:
    return scheduler.horizon or _first_rise(scheduler) or _holds_the_updates(scheduler)


def _first_rise(scheduler: Scheduler) -> Horizon | None:
    """Return how long the first rise of cycles is, which torch counts in updates."""
    if scheduler.class_name != "CyclicLR":
        return None
    name = "step_size_up"
    steps = as_number(scheduler.event.arguments.get(name))
    if steps is None or not steps >= 1:
        return None
    return Horizon(steps=int(steps), name=name, warmup=int(steps), ends_run=False)


def _holds_the_updates(scheduler: Scheduler) -> Horizon | None:
    """Return the length of a function that holds the number of updates; None if not.

    Not if it holds the updates of a pass as well: then it may count passes itself.
    """
    calls, each = scheduler.calls.size, scheduler.calls_per_step
    if scheduler.class_name != "LambdaLR" or each < 2 or not scheduler.groups:
        return None
    held = held_by(scheduler)
    if any(abs(value / each - 1) <= NEARLY for value in held.values() if value > 1):
        return None
    if any(group.applied[-1] < 0.5 * group.peak for group in scheduler.groups):
        return None
    return next(
        (
            Horizon(steps=int(value), name=name)
            for name, value in held.items()
            if name in TOTALS and abs(value / calls - 1) <= NEARLY
        ),
        None,
    )


RULE = Rule(
    code="LR002",
    name="epoch-cadence-for-per-update-schedule",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler of known length that was stepped more than once",
    subjects=_subjects,
    judge=_judge,
    explains=OVER_LATE,
)
