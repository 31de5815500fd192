"""The scheduler was stepped before the optimizer.

What it means: ``scheduler.step()`` comes before ``optimizer.step()`` in each turn of
the loop. The first rate of the schedule is never used, all others come a notch early.

Why it matters: the highest rate, or the first epoch's, is lost; a run of n updates does
not see the curve that was planned for it.

Usual causes: code from before torch 1.1, when this was the order.

What to do: call ``optimizer.step()`` first, then ``scheduler.step()``.

Looks the same, but is right: rates set at the start of a turn by a function of the
step, as timm, fairseq and nanoGPT do; a step with an explicit epoch; a single step
before the loop, to get past a first rate of 0.

Upstream: ming024/FastSpeech2#112, WenmuZhou/PSENet.pytorch#93,
Abe404/segmentation_of_roots_in_soil_with_unet#4, zju3dv/NeuralRecon#51
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.number import numbers
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule
from lrscope.recording.events import SchedulerStateLoaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if not each.by_argument and not each.follows_metric and each.steps > 2
        if each.event.how == "constructed" and each.event.row == 0
        if not each.training.process.history.of(SchedulerStateLoaded)
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    between = scheduler.between
    if between[0] != 1 or between[-1] != 0 or not _steady(scheduler):
        return
    rates = numbers(scheduler.event.rates)
    skipped_zero = bool(rates) and not any(rates)
    first = [float(each.applied[0]) for each in scheduler.groups]
    lost = f"a planned first rate of {_list(rates)} was never used, {_list(first)} was"
    if _list(rates) == _list(first):
        lost = "each of its rates came one step too early"
    yield RULE.found(
        scheduler,
        f"{scheduler.class_name} was stepped before {scheduler.optimizer_name} from "
        f"the first update on: {lost}",
        cause="scheduler.step() comes before optimizer.step() in the loop",
        fix="call scheduler.step() after optimizer.step()",
        severity=INFO if skipped_zero else WARNING,
        steps=(0, int(between.size) - 2),
        evidence={"first_planned": rates, "first_applied": first},
    )


def _steady(scheduler: Scheduler) -> bool:
    """Say whether every update, or every pass, is preceded by one step."""
    inner = scheduler.between[:-1]
    if scheduler.per_call == 1:
        return bool((inner == 1).mean() > 0.95)
    at, epochs = np.flatnonzero(inner), scheduler.epochs
    if scheduler.per_call or at.size < 3:
        return False
    if epochs is None:  # a loop that makes its batches by hand
        length = int(at[1])
        return np.array_equal(at, np.arange(0, inner.size, length))
    return epochs.count >= 3 and np.array_equal(at, epochs.starts)


def _list(rates: list[float]) -> str:
    return ", ".join(f"{each:.4g}" for each in dict.fromkeys(rates))


RULE = Rule(
    code="LR101",
    name="sched-before-optimizer",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler that was made before the first update and not restored",
    subjects=_subjects,
    judge=_judge,
)
