"""Writers: how schedulers write the rate: afresh, or by changing what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.recording.events import SchedulerConstructed

AFRESH = frozenset(
    {"LambdaLR", "OneCycleLR", "CyclicLR", "CosineAnnealingWarmRestarts"}
)
"""Classes of torch that forget the rate they find at every step."""

TORCH = "torch.optim.lr_scheduler"


def writes_afresh(event: SchedulerConstructed) -> bool:
    """Say whether a single scheduler works the rate out from the base rate alone."""
    return event.class_name in AFRESH and event.module == TORCH


def begins_neutral(event: SchedulerConstructed) -> bool:
    """Say whether a scheduler is known to change nothing at all."""
    own = event.arguments
    if event.class_name == "ConstantLR":
        return own.get("factor") == 1
    if event.class_name == "LinearLR":
        return own.get("start_factor") == own.get("end_factor") == 1
    return event.class_name in {"StepLR", "ExponentialLR", "MultiStepLR"} and (
        own.get("gamma") == 1
    )


def hand_written(optimizer: Optimizer) -> NDArray[np.bool_]:
    """Say for each update whether its rate was written by hand since the last."""
    history = optimizer.training.process.history
    items = {
        number
        for number, each in history.items("rate_written").items()
        if each.get("optimizer") == optimizer.number
    }
    if not items:
        return np.zeros(optimizer.updates, bool)
    between = optimizer.training.tally.between(items, optimizer.calls)
    return per_update(optimizer, between) > 0


def per_update(optimizer: Optimizer, between: NDArray[np.int32]) -> NDArray[np.int64]:
    """Add counts between calls up to counts between updates, one for each update."""
    total = np.cumsum(between[:-1], dtype=np.int64)[optimizer.updated]
    return np.diff(total, prepend=0)


def planned_rates(scheduler: Scheduler) -> NDArray[np.float64] | None:
    """Return what a scheduler by itself would have given to each update.

    One row for each group; None if its formula is not known.
    """
    own = scheduler.restored
    if not scheduler.calls.size or scheduler.follows_metric:
        return None
    return own.plan.rates(own.at_updates) if own.plan else None


def earlier_on(scheduler: Scheduler) -> list[Scheduler]:
    """Return the schedulers that were made for the same optimizer before."""
    own = scheduler.event
    return [
        each
        for each in (scheduler.optimizer.schedulers if scheduler.optimizer else ())
        if (each.event.row, each.number) < (own.row, scheduler.number)
    ]
