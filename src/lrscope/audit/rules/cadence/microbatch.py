"""With gradient accumulation, the scheduler was stepped for every batch.

What it means: several backward calls make one update, and the scheduler was stepped as
often as ``backward()`` was called, while its length counts updates.

Why it matters: warm-up and decay are shorter by the number of accumulated batches; the
rate reaches its end early and stays there, or a cosine climbs back.

Usual causes: ``scheduler.step()`` stands outside the ``if`` that guards
``optimizer.step()``.

What to do: step the scheduler inside the guard, right after ``optimizer.step()``.

Looks the same, but is right: a length that was multiplied by the accumulation, as
accelerate's documentation asks for; then the schedule ends with the run. A length that
is not known: said as information only.

Upstream: Lightning-AI/pytorch-lightning#1476, huggingface/accelerate#963,
huggingface/transformers#35484, starVLA/starVLA#210
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.stepping_lines import each_steps_every_update
from lrscope.audit.finding import ERROR, INFO, WARNING, Severity
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
        if each.optimizer and each.optimizer.accumulation > 1 and each.between.size > 4
        if len(each.training.optimizers_called) == 1
        if not each_steps_every_update(each)
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer = scheduler.optimizer
    if optimizer is None or scheduler.per_call < 2:
        return
    lines = map(scheduler.between_at, scheduler.sites)
    backward = optimizer.backward[1:-1]
    same = max(
        float((stepped[1:-1] == backward).mean())
        for stepped in (scheduler.between, *lines)
    )
    if same < 0.8 and scheduler.per_call != optimizer.accumulation:
        return
    severity = _severity(scheduler)
    times = optimizer.accumulation if same >= 0.8 else scheduler.per_call
    also = f", as many as there are processes ({times})"
    yield RULE.found(
        scheduler,
        f"{scheduler.called} was stepped {scheduler.steps} times in "
        f"{optimizer.updates} updates, once for each of {times} accumulated batches",
        cause="scheduler.step() is outside the guard of optimizer.step()"
        + (also if scheduler.training.world_size == times else ""),
        fix="call scheduler.step() only when optimizer.step() was called",
        severity=severity,
        steps=scheduler.throughout,
        evidence={"accumulation": optimizer.accumulation, "same": round(same, 3)},
    )


def _severity(scheduler: Scheduler) -> Severity:
    horizon = scheduler.horizon
    if horizon is None:
        return WARNING if _over_early(scheduler) else INFO
    if not horizon.ends_run or scheduler.fits_the_run:
        return INFO
    updates = scheduler.updates
    counts_updates = 0.9 * updates <= horizon.steps <= 1.1 * updates
    over = scheduler.position > 1.1 * horizon.steps
    return ERROR if counts_updates or over else INFO


def _over_early(scheduler: Scheduler) -> bool:
    """Say whether the rates of a schedule of unknown length were down too soon."""
    return scheduler.class_name in {"LambdaLR", "MultiplicativeLR"} and all(
        each.tail > max(2, 0.2 * each.applied.size)
        and each.applied[-1] <= 0.1 * each.peak
        for each in scheduler.groups
    )


RULE = Rule(
    code="LR006",
    name="sched-stepped-per-microbatch",
    severity=ERROR,
    page=__doc__,
    needs="gradient accumulation and a scheduler stepped by the program",
    subjects=_subjects,
    judge=_judge,
    explains=(
        *OVER_EARLY,
        "two-sched-steps-per-update",
        "lr-decays-too-fast",
    ),
)
