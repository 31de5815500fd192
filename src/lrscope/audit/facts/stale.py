"""Stale: a scheduler and the optimizer that it should drive, beside the one it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.resumption import loads_before_first_call
from lrscope.recording.events import SchedulerStateLoaded

if TYPE_CHECKING:
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.training import Training


@dataclass(frozen=True)
class Pair:
    """A restored scheduler, and an optimizer that trains.

    Attributes:
        scheduler: stepped by the program.
        trained: the optimizer that it drives, or one like it that trains instead.
    """

    scheduler: Scheduler
    trained: Optimizer

    @property
    def training(self) -> Training:
        """The process."""
        return self.scheduler.training

    @property
    def optimizer_name(self) -> str | None:
        """The optimizer that the scheduler drives."""
        return self.scheduler.optimizer_name

    group_name = None

    @property
    def where(self) -> tuple[tuple[str, int], ...]:
        """The lines that step the scheduler and make the optimizer."""
        return tuple(dict.fromkeys((*self.scheduler.where, *self.trained.where)))

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside each other."""
        return {**self.trained.ratios, "scheduler_steps": self.scheduler.steps}

    @property
    def how(self) -> str:
        """How they came apart."""
        if self.scheduler.event.how == "found":
            return (
                "the scheduler was not constructed here but unpickled or copied, with "
                "an optimizer of its own"
            )
        return (
            "the optimizer that trains was made or restored apart from the one that "
            "the scheduler was made for"
        )

    @property
    def is_stale(self) -> bool:
        """Whether the scheduler moves nothing that trains, and nothing else does."""
        own = self.scheduler.optimizer
        if own is self.trained or any(each.steps for each in self.trained.schedulers):
            return False
        if any(each.changes.size for each in self.trained.groups):
            return False
        steps = self.training.tally.between(self.scheduler.items, self.trained.calls)
        return bool(steps[1:-1].any())


def stale_pairs(training: Training) -> list[Pair]:
    """Return restored schedulers with what they drive, or with what trains instead."""
    loaded = {
        each.scheduler for each in training.process.history.of(SchedulerStateLoaded)
    }
    pairs = []
    for scheduler in training.schedulers:
        if not scheduler.steps:
            continue
        own = scheduler.optimizer
        restored = _is_unpickled(scheduler) or scheduler.event.scheduler in loaded
        idle = own is None or not own.calls.size
        for each in training.optimizers_called if idle else (own,):
            if each is None or _elements(own or each) != _elements(each):
                continue
            if restored or loads_before_first_call(each):
                pairs.append(Pair(scheduler, each))
    return pairs


def _is_unpickled(scheduler: Scheduler) -> bool:
    """Say whether it was not made here and had been stepped; a fresh copy had not."""
    event, training = scheduler.event, scheduler.training
    position = event.attributes.get("last_epoch")
    stepped = isinstance(position, int) and position > 0
    return event.how == "found" and (stepped or training.segment > 0)


def _elements(optimizer: Optimizer) -> int:
    """Return the numbers that an optimizer holds; a wrapper has those it wraps."""
    event = optimizer.event
    return sum(each.elements for each in event.groups) if event else 0
