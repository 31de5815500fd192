"""Bound: an optimizer that trains beside the one that a scheduler was made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.training import Training


@dataclass(frozen=True)
class Bound:
    """A scheduler that is stepped, and an optimizer that trains what it should drive.

    Attributes:
        scheduler: stepped by the program; its own optimizer takes no step.
        trained: holds the same parameters, or as many in the same groups.
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
        """The lines that step and make the scheduler and make both optimizers."""
        own = self.scheduler.optimizer
        made = own.where if own else ()
        return tuple(dict.fromkeys((*self.scheduler.where, *made, *self.trained.where)))

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside each other."""
        return {**self.trained.ratios, "scheduler_steps": self.scheduler.steps}

    @property
    def is_around(self) -> bool:
        """Whether the scheduler's optimizer is a wrapper that somebody wrote."""
        own = self.scheduler.optimizer
        return is_around(own, self.trained) if own else False

    @property
    def reaches(self) -> bool:
        """Whether anything moves the rates of the optimizer that trains."""
        return bool(
            any(each.steps for each in self.trained.schedulers)
            or any(each.changes.size for each in self.trained.groups)
        )

    @property
    def steps_beside(self) -> int:
        """Steps of the scheduler after the first update of what trains."""
        items = self.scheduler.items
        return int(self.training.tally.between(items, self.trained.calls)[1:].sum())


def is_around(outer: Optimizer, inner: Optimizer) -> bool:
    """Say whether one optimizer looks like a wrapper around another."""
    if outer.event is None or inner.event is None:
        return False
    foreign = not outer.event.module.startswith("torch.")
    return foreign and outer.event.class_name != inner.event.class_name


def bound_in(training: Training) -> list[Bound]:
    """Return the schedulers that drive what takes no step, beside what does."""
    found = []
    for each in training.schedulers:
        own = each.optimizer
        if own is None or own.calls.size or not each.steps:
            continue
        found += [
            Bound(each, other)
            for other in training.optimizers_called
            if hold_the_same(own, other)
        ]
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
