"""Resumption: an optimizer goes on from a state that was saved earlier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.continued import Continued
from lrscope.audit.facts.moment import moments_of
from lrscope.audit.facts.nearness import are_near
from lrscope.audit.facts.number import all_numbers, numbers
from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.subject import About

if TYPE_CHECKING:
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.site import Sites
    from lrscope.recording.events import OptimizerStateLoaded

RESUMES = re.compile(
    r"^-*(?!-|no[_-])([\w.-]*[_.=-])?(resume|continue)(?![^=]*=(false|0|none)$)",
    re.IGNORECASE,
)
"""Words of a command that ask for a training to go on."""


@dataclass(frozen=True)
class Resumption(About):
    """An optimizer that was given a saved state, or goes on in a later segment.

    Attributes:
        optimizer: the one that goes on.
        before: the one whose state was saved; None if that was not recorded.
    """

    optimizer: Optimizer
    before: Optimizer | None

    @property
    def about(self) -> Optimizer:
        """The one that goes on."""
        return self.optimizer

    @property
    def where(self) -> Sites:
        """The lines that load its state, then the line that made it."""
        loads = (each.where for each in self.loads)
        return distinct(*loads, *self.optimizer.where)

    @property
    def loads(self) -> tuple[OptimizerStateLoaded, ...]:
        """The states it was given before its first call."""
        return self.optimizer.loads_at_start

    @property
    def load(self) -> OptimizerStateLoaded | None:
        """The last of them."""
        return self.loads[-1] if self.loads else None

    @cached_property
    def saves(self) -> tuple[int, ...]:
        """Calls of the earlier optimizer before each time that it was saved."""
        if self.before is None:
            return ()
        own = self.before.number
        schedulers = {each.number for each in self.before.schedulers}
        history = self.before.training.process.history
        items = {
            number
            for number, item in history.items("optimizer_state_saved").items()
            if item.get("optimizer") == own
        } | {
            number
            for number, item in history.items("scheduler_state_saved").items()
            if item.get("scheduler") in schedulers
        }
        calls = self.before.calls
        moments = moments_of(self.before.training, items)
        return tuple(int(np.searchsorted(calls, each.row)) for each in moments)

    @cached_property
    def at_call(self) -> int | None:
        """Calls of the earlier optimizer when what was loaded was saved.

        Known from the updates that the state counts, from the position that the
        scheduler's state brought, or from the last time that anything was saved.
        """
        if self.before is None:
            return None
        counted = self._by_count(self.before)
        if counted is not None:
            return counted
        saves = self.saves
        loaded = [each for each in self.schedulers if each.load is not None]
        for each in loaded:
            fits = [call for call in saves if each.may_be_saved_at(call)]
            if fits:
                return fits[-1]
        if saves:
            return saves[-1]
        return int(self.before.calls.size) if self._ended_as_planned else None

    def _by_count(self, before: Optimizer) -> int | None:
        """Find the call by the number of updates in the state."""
        if self.load is None or self.load.steps is None:
            return None
        earlier = before.loads_at_start
        counted = earlier[-1].steps if earlier else 0
        updates = int(self.load.steps - (counted or 0))
        if not 0 < updates <= before.updates:
            return None
        return int(np.flatnonzero(before.updated)[updates - 1]) + 1

    @property
    def _ended_as_planned(self) -> bool:
        return self.before is not None and self.before.training.ending.in_order

    @cached_property
    def schedulers(self) -> tuple[Continued, ...]:
        """The schedulers that drive it, beside those that drove the earlier one."""
        earlier = list(self.before.schedulers) if self.before else []
        earlier = [each for each in earlier if each.steps] or earlier
        return tuple(
            Continued(each, _counterpart(each, k, earlier), self)
            for k, each in enumerate(self.optimizer.schedulers)
            if each.steps or each.training.is_last
        )

    @property
    def made_with(self) -> tuple[float, ...]:
        """The rates that it was constructed with."""
        return _made_with(self.optimizer)

    @property
    def made_with_before(self) -> tuple[float, ...]:
        """The rates that the earlier one was constructed with; empty if unknown."""
        return _made_with(self.before) if self.before else ()

    @property
    def has_new_base(self) -> bool:
        """Whether it was made with another rate than the earlier one."""
        ours, theirs = self.made_with, self.made_with_before
        return bool(ours and theirs) and not are_near(list(ours), list(theirs))

    @property
    def base_rates_loaded(self) -> list[float]:
        """The rates that schedules start from, as they were loaded; empty if unknown.

        Schedulers that put a rate of their own in their place tell nothing.
        """
        if self.load is None:
            return []
        kinds = [e.class_name for s in self.schedulers for e in s.scheduler.parts]
        if self.before is None and {"OneCycleLR", "CyclicLR"} & set(kinds):
            return []
        found = self.load.initial_rates
        if any(each is None for each in found) and not kinds:
            found = self.load.rates
        return all_numbers(found)

    @property
    def follows_loaded(self) -> bool:
        """Whether the updates have the rates that were loaded."""
        groups = self.optimizer.groups
        loaded = numbers(self.load.rates if self.load else ())
        if are_near([float(each.applied[0]) for each in groups], loaded):
            return True
        wrong = [each.wrong() for each in self.schedulers]
        return any(each is not None and not each.any() for each in wrong)

    @property
    def is_evident(self) -> bool:
        """Whether anything shows that the training before was to go on."""
        return bool(self.loads or self._asked_for) or any(
            each.load is not None or each.given_last_epoch is not None
            for each in self.schedulers
        )

    @property
    def _asked_for(self) -> bool:
        """Whether the command asks to resume, and the earlier one did not."""
        if self.before is None:
            return False
        ours, theirs = (
            any(map(RESUMES.search, each.training.process.command[1:]))
            for each in (self.optimizer, self.before)
        )
        return ours and not theirs


def _made_with(optimizer: Optimizer) -> tuple[float, ...]:
    event = optimizer.event
    return tuple(each.lr for each in event.groups) if event else ()


def _counterpart(
    scheduler: Scheduler, index: int, earlier: list[Scheduler]
) -> Scheduler | None:
    same = [each for each in earlier if each.class_name == scheduler.class_name]
    if index < len(earlier) and earlier[index] in same:
        return earlier[index]
    return same[0] if len(same) == 1 else None
