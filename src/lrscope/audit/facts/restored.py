"""Restored: what a scheduler was when its optimizer was first called, and then on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.held import without_place
from lrscope.audit.facts.horizon import Horizon, horizon_of
from lrscope.audit.facts.moment import Moment, times_before
from lrscope.recording.events import SchedulerConstructed, SchedulerStateLoaded
from lrscope.schedules.importers import Imported, imported

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.scheduler import Scheduler


@dataclass(frozen=True)
class Restored:
    """A scheduler with what was loaded into it before its optimizer's first call.

    Attributes:
        scheduler: the scheduler.
    """

    scheduler: Scheduler

    @cached_property
    def loads(self) -> dict[int, SchedulerStateLoaded]:
        """The last states that were loaded before the first call, by scheduler."""
        calls, own = self.scheduler.calls, self.scheduler.optimizer
        first = calls[0] if calls.size else np.inf
        if own is not None and own.calls.size:
            first = own.begins
        history = self.scheduler.training.process.history
        return {
            each.scheduler: each
            for each in history.of(SchedulerStateLoaded)
            if each.row <= first
        }

    @property
    def load(self) -> SchedulerStateLoaded | None:
        """The last state that it was given itself."""
        return self.loads.get(self.scheduler.number)

    @cached_property
    def begun(self) -> int:
        """The position that it, or a part of it, was made or loaded with."""
        for each in self.scheduler.parts:
            told = self.loads.get(each.scheduler, each)
            start = told.attributes.get("last_epoch")
            if isinstance(start, int):
                return start
        return 0

    @cached_property
    def start(self) -> int:
        """Its position at the first call."""
        own = self.scheduler
        stepped = int(own.between[0]) if own.calls.size else 0
        known_from = self.load or (own.event if own.event.how == "found" else None)
        if known_from is not None:
            moment = self._moment_of(known_from)
            stepped -= times_before(own.training, own.items, moment)
        return self.begun + stepped

    @cached_property
    def reached(self) -> NDArray[np.signedinteger]:
        """Its position before each call of the optimizer, and after all."""
        between = self.scheduler.between
        small = self.scheduler.steps < 2**30  # then half the memory will do
        found = np.cumsum(between, dtype=np.int32 if small else np.int64)
        found += self.start - int(between[0])
        return found

    @cached_property
    def at_updates(self) -> NDArray[np.signedinteger]:
        """Its position before each update."""
        optimizer, at_calls = self.scheduler.optimizer, self.reached[:-1]
        if optimizer is None or optimizer.updated.all():
            return at_calls
        return at_calls[optimizer.updated]

    @cached_property
    def horizon(self) -> Horizon | None:
        """Its length after what was loaded."""
        known = {**self.scheduler.training.constructed, **self._as_loaded}
        return horizon_of(known[self.scheduler.number], known)

    @cached_property
    def plan(self) -> Imported | None:
        """What it follows, from position 0; None if that is not known."""
        source = self._as_loaded
        if self.load is not None or self.given_last_epoch is not None:
            source = {number: _afresh(each) for number, each in source.items()}
        found = imported(source[self.scheduler.number], among=source)
        return found if isinstance(found, Imported) else None

    @property
    def given_last_epoch(self) -> int | None:
        """The ``last_epoch`` that its constructor was given; None if none."""
        given = [each.arguments.get("last_epoch") for each in self.scheduler.parts]
        return next((e for e in given if isinstance(e, int) and e >= 0), None)

    @cached_property
    def made_of(self) -> list[tuple[str, dict[str, Any]]]:
        """Classes and arguments of its parts, without those that number objects."""
        left_out = {"optimizer", "schedulers", "last_epoch"}
        return [
            (
                each.class_name,
                {
                    k: without_place(v)
                    for k, v in each.arguments.items()
                    if k not in left_out
                },
            )
            for each in self.scheduler.parts
        ]

    @cached_property
    def _as_loaded(self) -> dict[int, SchedulerConstructed]:
        """It and its parts with the attributes that loading gave them."""
        found = {each.scheduler: each for each in self.scheduler.parts}
        for number in found.keys() & self.loads.keys():
            made, brought = found[number], self.loads[number].attributes
            found[number] = replace(
                made,
                attributes={**made.attributes, **brought},
                arguments={k: brought.get(k, v) for k, v in made.arguments.items()},
            )
        return found

    def _moment_of(self, event: SchedulerConstructed | SchedulerStateLoaded) -> Moment:
        for row, after, each in self.scheduler.training.process.history.rare:
            if each is event:
                return Moment(row, after)
        return Moment(event.row, 0)


def _afresh(event: SchedulerConstructed) -> SchedulerConstructed:
    """Return a scheduler as it would have been constructed at its beginning."""
    return replace(
        event,
        arguments={**event.arguments, "last_epoch": -1},
        attributes={**event.attributes, "last_epoch": 0, "_step_count": 1},
        rates=(),
    )
