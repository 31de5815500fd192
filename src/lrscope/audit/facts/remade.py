"""Remade: a scheduler that a loop makes anew, each time from its beginning."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.subject import AboutScheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.site import Sites
    from lrscope.audit.facts.training import Training

LEAST = 3
"""Times that a line must have made one: two may be two phases."""

HALF = 0.5
"""Share of its length that none of them passed; cycles that are meant are whole."""


@dataclass(frozen=True)
class Remade(AboutScheduler):
    """Schedulers of one line and of one kind that drove an optimizer in turn.

    Attributes:
        scheduler: the last of them.
        every: all of them, in order.
    """

    every: tuple[Scheduler, ...]

    @property
    def where(self) -> Sites:
        """The line that makes them, then those that step them."""
        sites = (site for each in self.every for site in each.sites)
        return distinct(self.scheduler.event.where, *sites)

    @property
    def length(self) -> int:
        """Steps that the last of them was to take, or to its first change."""
        return _length_of(self.scheduler)

    @property
    def furthest(self) -> int:
        """Steps of its own that any of them came to."""
        return max(each.position for each in self.every)

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside the steps of all of them."""
        others = self.scheduler.ratios
        return {**others, "scheduler_steps": sum(each.steps for each in self.every)}


def remade_in(training: Training) -> Iterator[Remade]:
    """Yield the schedulers that were made anew before they came half their way."""
    first = _first_of_their_line(training)
    alike = defaultdict(list)
    for each in training.schedulers:
        if (
            each.optimizer is not None
            and each.optimizer.calls.size
            and each.event.where
        ):
            given = {**each.event.arguments, "optimizer": None}
            made = each.class_name, each.event.where, repr(given)
            alike[first[each.optimizer.number], made].append(each)
    for several in alike.values():
        stepped = tuple(each for each in several if each.alive.stop)
        if len(stepped) >= LEAST and _in_turn(stepped) and _all_short(stepped):
            yield Remade(stepped[-1], stepped)


def _first_of_their_line(training: Training) -> dict[int, int]:
    """Return for each optimizer the first that its line made for its parameters."""
    first: dict[int, int] = {}
    lines = {}
    for each in training.optimizers:
        where = lines[each.number] = each.event.where if each.event else None
        before = (
            k
            for k in (each.event.shares if each.event else ())
            if lines.get(k) == where
        )
        earlier = next(before, None) if where else None
        first[each.number] = each.number if earlier is None else first[earlier]
    return first


def _in_turn(schedulers: tuple[Scheduler, ...]) -> bool:
    """Say whether each took its last step before the next one took its first."""
    return all(
        one.calls[: one.alive.stop][-1] <= other.calls[other.alive.start]
        for one, other in pairwise(schedulers)
    )


def _all_short(schedulers: tuple[Scheduler, ...]) -> bool:
    return all(each.position <= HALF * _length_of(each) for each in schedulers)


def _length_of(scheduler: Scheduler) -> int:
    """Return its length, or the steps to its first change; 0 if neither is known."""
    size = scheduler.event.arguments.get("step_size")
    first = size if scheduler.class_name == "StepLR" and isinstance(size, int) else 0
    return scheduler.horizon_steps or first
