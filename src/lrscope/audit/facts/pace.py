"""Pace: where a schedule will be at the end of a run that still goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.rounds import told_around, told_by_command
from lrscope.audit.facts.site import distinct, site_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.rounds import Told
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.training import Training
    from lrscope.recording.epochs import Epochs

LEAST, EVEN = 2, 1.05
"""Whole passes that must have been seen, and how much their steps may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a scheduler goes through its length.

    Attributes:
        per_pass: its steps in each whole pass over the data so far.
        passes: how many passes there will be.
        told_by: what says so, in words.
        end: where it will be at the end, in its own steps.
        share: the same over its length.
    """

    per_pass: float
    passes: int
    told_by: str
    end: float
    share: float


def pace_of(scheduler: Scheduler) -> Pace | None:
    """Return how a scheduler will end; None if that is not certain.

    It is where the command or a literal ``range`` in the source says how many passes
    there will be, nothing leaves the loops early, and each whole pass had as many
    steps.
    """
    optimizer, horizon = scheduler.optimizer, scheduler.horizon
    epochs = optimizer.epochs if optimizer else None
    if epochs is None or horizon is None or not horizon.ends_run:
        return None
    whole = epochs.count - (not epochs.ended_whole)
    ending = scheduler.training.ending
    planned = _passes(scheduler.training, epochs.loader)
    if planned is None or not LEAST <= whole < planned[0]:
        return None
    if ending.asked_for or ending.may_leave_early or not epochs.whole[:whole].all():
        return None
    passes, told_by = planned
    steps = _steps_in(scheduler, epochs, whole)
    if not steps.min() or steps.max() > EVEN * steps.min():
        return None
    per_pass = float(steps.mean())
    end = scheduler.position - scheduler.steps + per_pass * passes
    return Pace(
        per_pass=per_pass,
        passes=passes,
        told_by=told_by,
        end=end,
        share=end / horizon.steps,
    )


def _steps_in(scheduler: Scheduler, epochs: Epochs, whole: int) -> NDArray[np.int64]:
    """Return the steps from the beginning of each whole pass to that of the next."""
    starts = epochs.starts[: whole + 1] + 1
    before = np.concatenate(([0], np.cumsum(scheduler.between, dtype=np.int64)))
    first = before[starts]
    first[0] = before[0]
    return np.diff(first if epochs.count > whole else np.append(first, before[-1]))


def _passes(training: Training, loader: int) -> Told | None:
    told = told_by_command(training)
    if told is not None:
        return told
    items = training.process.history.items("pass_began").values()
    sites = distinct(*(site_of(e) for e in items if e.get("loader") == loader))
    if len(sites) != 1:
        return None
    around = told_around(sites[0], training.started)
    return around[0] if len(around) == 1 and around[0][0] else None
