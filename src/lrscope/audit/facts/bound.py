"""Bound: an optimizer that trains beside the one that a scheduler was made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.subject import AboutScheduler

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.site import Sites
    from lrscope.audit.facts.training import Training


@dataclass(frozen=True)
class Bound(AboutScheduler):
    """A scheduler that is stepped, and an optimizer that trains what it should drive.

    Attributes:
        scheduler: stepped by the program.
        trained: its own optimizer, or if that takes no step, one that holds the same.
    """

    trained: Optimizer

    @property
    def where(self) -> Sites:
        """The lines that step and make the scheduler and make both optimizers."""
        own = self.scheduler.optimizer
        made = own.where if own else ()
        return distinct(*self.scheduler.where, *made, *self.trained.where)

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside each other."""
        return {**self.trained.ratios, "scheduler_steps": self.scheduler.steps}

    @property
    def is_around(self) -> bool:
        """Whether the scheduler's optimizer looks like a wrapper around it."""
        own = self.scheduler.optimizer
        outer, inner = own.event if own else None, self.trained.event
        if outer is None or inner is None:
            return False
        foreign = not outer.module.startswith("torch.")
        return foreign and outer.class_name != inner.class_name

    @property
    def reaches(self) -> bool:
        """Whether anything moves the rates of the optimizer that trains."""
        return bool(self.trained.driven_by) or not self.trained.is_constant

    @property
    def between(self) -> NDArray[np.int32]:
        """The scheduler's steps before each call of what trains, and after the last."""
        return self.training.tally.between(self.scheduler.items, self.trained.calls)


def bound_in(training: Training) -> list[Bound]:
    """Return the schedulers of what takes no step, or none any more, and what does."""
    return [
        Bound(each, other)
        for each in training.schedulers
        if each.steps and (own := each.optimizer) is not None
        for other in training.optimizers_called
        if other is not own
        if not own.calls.size or own.calls[-1] < other.calls[0]
        if hold_the_same(own, other)
    ]


def restored_in(training: Training) -> list[Bound]:
    """Return restored schedulers with what they drive, or with what trains instead.

    A scheduler is restored too if what trains is; its own optimizer may be unknown.
    """
    found = []
    for scheduler in training.schedulers:
        if not scheduler.steps:
            continue
        own = scheduler.optimizer
        restored = _is_unpickled(scheduler) or scheduler.loads
        idle = own is None or not own.calls.size
        for each in training.optimizers_called if idle else (own,):
            if each is None or (own is not None and own.elements != each.elements):
                continue
            if restored or each.loads_at_start:
                found.append(Bound(scheduler, each))
    return found


def hold_the_same(one: Optimizer, other: Optimizer) -> bool:
    """Say whether two optimizers hold the same parameters, as far as is known."""
    if any(
        a.event is not None and b.number in a.event.shares
        for a, b in ((one, other), (other, one))
    ):
        return True
    shapes = [
        sorted((g.tensors, g.elements) for g in o.event.groups) if o.event else None
        for o in (one, other)
    ]
    return shapes[0] == shapes[1] is not None


def _is_unpickled(scheduler: Scheduler) -> bool:
    """Say whether it was not made here and had been stepped; a fresh copy had not."""
    event = scheduler.event
    position = event.attributes.get("last_epoch")
    stepped = isinstance(position, int) and position > 0
    return event.how == "found" and (stepped or scheduler.training.segment > 0)
