"""The schedule assumes fewer or more updates in a pass than there are.

What it means: the length is a whole number of passes, but with a count of updates that
is not that of the loader, often off by the last, smaller batch; or
``steps_per_epoch`` is not what the loader gives.

Why it matters: the schedule ends early by that much in every pass, or raises an error.

Usual causes: ``len(dataset) // batch_size`` where the loader rounds up; a count of
samples before windows were cut or some were left out; a factor for devices or
accumulation that is not there.

What to do: use ``len(loader)``, divided by the accumulation and rounded up.

Looks the same, but is right: passes whose length differs, as with dynamic batches.

Upstream: iKernels/transformers-lightning#88, kohya-ss/sd-scripts#1819,
Lightning-AI/pytorch-lightning#2149
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.early import early_updates
from lrscope.audit.facts.held import TOTAL, held_by
from lrscope.audit.facts.source import text_of
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

OFF = 0.02
"""Share of a pass that is more than nothing."""


ALIKE = 0.25
"""How far a count of updates in a pass may be off, as a share of the true one."""

DIVIDES = re.compile(r"//?\s*\(?\s*[\w.]*(batch|bs\b)", re.IGNORECASE)
"""How programs compute the batches in a pass from samples."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if _length(each) and not each.by_argument
        if each.per_call == 1 and case.is_last(each) and each.training.process.ended
        if each.position == each.steps  # else passes were before these
        if each.epochs and each.epochs.count > 2
    ]


def _length(scheduler: Scheduler) -> int:
    """Return its length, or the only number near the updates that it holds as one."""
    if scheduler.horizon is not None:
        return scheduler.horizon.steps if scheduler.horizon.ends_run else 0
    held = {v for name, v in held_by(scheduler).items() if TOTAL.search(name)}
    near = [
        v for v in held if abs(v - scheduler.position) <= ALIKE * scheduler.position
    ]
    return int(near[0]) if len(near) == 1 else 0


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    epochs = scheduler.epochs
    real = epochs.calls_per_pass if epochs else None
    if epochs is None or not real or np.ptp(epochs.calls[epochs.whole]) > 0:
        return
    given = scheduler.event.arguments.get("steps_per_epoch")
    assumed = given if isinstance(given, int) and given > 0 else _assumed(scheduler)
    if assumed is None or abs(assumed - real) <= OFF * real:
        return
    early = early_updates(scheduler)
    wrong = (
        "with a wrong factor" if isinstance(given, int) else "from counts of samples"
    )
    yield RULE.found(
        scheduler,
        f"{scheduler.called} assumes {assumed} updates in a pass, there are {real}",
        cause=early.cause if early else f"the updates in a pass were computed {wrong}",
        fix=early.fix if early else "compute the length from len(loader)",
        evidence={"assumed": assumed, "updates_per_pass": real},
    )


def _assumed(scheduler: Scheduler) -> int | None:
    """Return the updates in a pass that the length says, if it is a count of passes."""
    epochs = scheduler.epochs
    real, length = epochs.calls_per_pass if epochs else None, _length(scheduler)
    if epochs is None or not real or length % epochs.count or not epochs.ended_whole:
        return None
    assumed = length // epochs.count
    if assumed > real and not length % real and scheduler.training.ending.by_choice:
        return None  # whole passes, some of which were not wanted in the end
    if assumed == real - 1:
        return assumed
    alike = abs(assumed - real) <= ALIKE * real
    return assumed if alike and _divides(scheduler) else None


def _divides(scheduler: Scheduler) -> bool:
    """Say whether the program divides samples by the size of a batch."""
    site = scheduler.event.where
    text = text_of(site[0], scheduler.training.started) if site else None
    return bool(text and DIVIDES.search(text))


RULE = Rule(
    code="LR205",
    name="steps-per-epoch-from-sample-counts",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler of known length stepped for every update, and three passes",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "schedule-longer-than-run",
        "schedule-shorter-than-run",
        "warmup-longer-than-run",
    ),
)
