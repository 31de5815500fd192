"""Training: the facts of one process that rules share, each found when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.ending import Ending
from lrscope.audit.facts.optimizer import Optimizer
from lrscope.audit.facts.scheduler import Scheduler
from lrscope.audit.facts.tally import Tally
from lrscope.recording.events import OptimizerConstructed, SchedulerConstructed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrscope.recording.passes import Pass
    from lrscope.recording.process import Process


@dataclass(frozen=True)
class Training:
    """One process of a run, seen by what it trained.

    Attributes:
        process: its recording.
        is_last: whether no later segment continues it.
    """

    process: Process
    is_last: bool = True

    @property
    def segment(self) -> int:
        """Number of the segment, from 0."""
        return self.process.segment

    @property
    def rank(self) -> int | None:
        """Rank in a distributed job; None if there is no job."""
        return self.process.rank

    @property
    def started(self) -> float:
        """When it began, in seconds since 1970."""
        return self.process.started

    @property
    def torch(self) -> str | None:
        """The version of torch that it ran with; None if that was not recorded."""
        return self.process.head.get("torch")

    @property
    def world_size(self) -> int:
        """Processes that train together; 1 if there is no job."""
        return self.process.world_size or 1

    @property
    def passes(self) -> tuple[Pass, ...]:
        """Passes over DataLoaders, in order of their beginning."""
        return self.process.passes

    @cached_property
    def ending(self) -> Ending:
        """How it ended."""
        return Ending(self.process, self.is_last)

    @cached_property
    def tally(self) -> Tally:
        """Counts of what happened between rows."""
        return Tally(self.process)

    def arguments_of(
        self, scheduler: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows and the values of the arguments a scheduler was given."""
        return self.process.rows.column(self._arguments.get(scheduler, {}))

    @cached_property
    def _arguments(self) -> dict[int | None, dict[int, int]]:
        found: dict[int | None, dict[int, int]] = {}
        for number, layout in self.process.layouts.items():
            if layout.get("holds") == "argument":
                found.setdefault(layout.get("scheduler"), {})[number] = 0
        return found

    @cached_property
    def optimizers(self) -> tuple[Optimizer, ...]:
        """Its optimizers in order of making, those that never took a step too."""
        stepped = self.process.optimizers
        found = self.process.history.of(OptimizerConstructed)
        made = {each.optimizer: each for each in found}
        return tuple(
            Optimizer(self, number, made.get(number), stepped.get(number))
            for number in sorted({*made, *stepped})
        )

    @cached_property
    def optimizers_called(self) -> tuple[Optimizer, ...]:
        """Those that took a step."""
        return tuple(each for each in self.optimizers if each.calls.size)

    @cached_property
    def last_begun(self) -> int:
        """The row in which the last of them took its first step; -1 without any."""
        return max((int(each.calls[0]) for each in self.optimizers_called), default=-1)

    @cached_property
    def constructed(self) -> dict[int, SchedulerConstructed]:
        """Schedulers as they were constructed, by number."""
        return self.process.history.schedulers

    @cached_property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """Its schedulers in order of making; those inside others are left out."""
        inside = {
            each
            for event in self.constructed.values()
            for each in (*event.children, *_referred(event.arguments))
            if each != event.scheduler
        }
        by_number = {each.number: each for each in self.optimizers}
        return tuple(
            Scheduler(self, event, by_number.get(_number(event.optimizer)))
            for number, event in self.constructed.items()
            if number not in inside
        )

    @cached_property
    def schedulers_of(self) -> dict[int, list[Scheduler]]:
        """Those of them that drive an optimizer, by its number."""
        found: dict[int, list[Scheduler]] = {}
        for each in self.schedulers:
            if each.optimizer is not None:
                found.setdefault(each.optimizer.number, []).append(each)
        return found


def _number(optimizer: int | None) -> int:
    return -1 if optimizer is None else optimizer


def _referred(value: Any) -> set[int]:
    """Return the numbers of the schedulers that arguments refer to."""
    if isinstance(value, dict):
        own = value.get("scheduler")
        inner = set().union(*(_referred(each) for each in value.values()))
        return inner | ({own} if isinstance(own, int) and len(value) == 1 else set())
    if isinstance(value, list):
        return set().union(*(_referred(each) for each in value))
    return set()
