"""Sequence: what a SequentialLR was made of, and the rates it began with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lrscope.audit.facts.number import all_numbers, listed, numbers
from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.subject import AboutScheduler

if TYPE_CHECKING:
    from collections.abc import Collection

    from lrscope.audit.case import Case
    from lrscope.audit.facts.site import Sites
    from lrscope.recording.events import SchedulerConstructed

NEAR = 1e-4
"""Relative difference up to which two rates are the same."""


@dataclass(frozen=True)
class Sequence(AboutScheduler):
    """A SequentialLR.

    Attributes:
        scheduler: the scheduler of the program that it is, or is part of.
        event: how it was made.
    """

    event: SchedulerConstructed

    @property
    def where(self) -> Sites:
        """The line that made it."""
        return distinct(self.event.where)

    @cached_property
    def children(self) -> tuple[SchedulerConstructed, ...]:
        """What it is made of, in order; empty if some are unknown."""
        known = self.training.constructed
        found = [known[each] for each in self.event.children if each in known]
        return tuple(found) if len(found) == len(self.event.children) else ()

    @property
    def first_milestone(self) -> float | None:
        """The step at which the second child takes over."""
        own = {**self.event.attributes, **self.event.arguments}
        given = listed(own.get("milestones") or own.get("_milestones"))
        return next(iter(numbers(given[:1])), None)

    @property
    def made_in_order(self) -> bool:
        """Whether its first child was made before all others of the optimizer."""
        own = self.children[0]
        return all(
            each.scheduler >= own.scheduler or each.optimizer != own.optimizer
            for each in self.training.constructed.values()
        )

    @property
    def begins(self) -> list[float]:
        """The rates of the groups after it was made."""
        return all_numbers(self.event.rates)

    @property
    def meant(self) -> list[float]:
        """The rates of the groups after its first child was made."""
        return all_numbers(self.children[0].rates)

    @property
    def bases(self) -> list[float]:
        """The rates of the groups before its first child was made."""
        return all_numbers(self.children[0].rates_before)


def sequences(case: Case) -> list[Sequence]:
    """Return those of a case whose children are known, inner ones too."""
    found = [
        Sequence(scheduler, part)
        for scheduler in case.schedulers
        for part in scheduler.parts
        if part.class_name == "SequentialLR" and part.how == "constructed"
    ]
    return [each for each in found if each.children]


def differ(some: Collection[float], others: Collection[float]) -> bool:
    """Say whether rates differ; those that are unknown do not."""
    return len(some) == len(others) and any(
        abs(a - b) > NEAR * max(abs(a), abs(b))
        for a, b in zip(some, others, strict=True)
    )
