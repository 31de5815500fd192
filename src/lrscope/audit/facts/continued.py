"""Continued: a scheduler of a resumed training beside its counterpart before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts import curve
from lrscope.audit.facts.held import without_place
from lrscope.audit.facts.number import numbers
from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.subject import AboutScheduler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.horizon import Horizon
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.restored import Restored
    from lrscope.audit.facts.resumption import Resumption
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.site import Sites
    from lrscope.recording.events import SchedulerStateLoaded
    from lrscope.schedules.importers import Imported


@dataclass(frozen=True)
class Continued(AboutScheduler):
    """A scheduler that drives an optimizer that goes on.

    Attributes:
        scheduler: the scheduler.
        before: the one it takes the place of; None if that is not known.
        resumption: the optimizer that goes on.
    """

    before: Scheduler | None
    resumption: Resumption

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer that goes on."""
        return self.resumption.optimizer

    @property
    def where(self) -> Sites:
        """The line that made it, those that load its state and the optimizer's."""
        loads = [each.where for each in self.resumption.loads]
        own = self.load.where if self.load else None
        return distinct(self.scheduler.event.where, *loads, own)

    @property
    def now(self) -> Restored:
        """It, from the resume on."""
        return self.scheduler.restored

    @property
    def then(self) -> Restored | None:
        """The earlier one; None if it is not known, or if one follows a metric."""
        return self.before.restored if self.before and self.counts else None

    @property
    def counts(self) -> bool:
        """Whether its position is the number of its steps, before and now."""
        both = (self.scheduler, self.before)
        return not any(each.follows_metric for each in both if each is not None)

    @property
    def load(self) -> SchedulerStateLoaded | None:
        """The last state that it was given before the optimizer's first call."""
        return self.now.load

    @property
    def given_last_epoch(self) -> int | None:
        """The ``last_epoch`` that it was made with, if no state was loaded."""
        return self.now.given_last_epoch if self.load is None else None

    @property
    def start(self) -> int:
        """Its position at the first call."""
        return self.now.start

    @property
    def stepped_since_loading(self) -> bool:
        """Whether it was stepped between its loading or making and the first call."""
        return self.start != self.now.begun

    def may_be_saved_at(self, call: int) -> bool:
        """Say whether its state can be the one of a call of the earlier optimizer."""
        if self.then is None or self.load is None:
            return False
        reached = self.then.reached
        after = reached[min(call + 1, reached.size - 1)]
        return bool(reached[call] - 1 <= self.now.begun <= after)

    @cached_property
    def due(self) -> int | None:
        """Its position at the first call if the training had not been interrupted.

        Where the earlier part ends with the checkpoint, the step that would have come
        next is that of the passes before.
        """
        at, then = self.resumption.at_call, self.then
        if then is None or at is None:
            return None
        calls, between = then.scheduler.calls.size, then.scheduler.between
        if at < calls or between[-1]:
            return int(then.reached[at])
        stepped = np.flatnonzero(between[:-1])
        if stepped.size < 2:
            return None
        spacing = int(stepped[-1] - stepped[-2])
        whole = calls - int(stepped[-1]) == spacing
        return int(then.reached[at]) + (int(between[stepped[-1]]) if whole else 0)

    @property
    def due_in_words(self) -> str:
        """Where it would have been without the interruption."""
        length = self.horizon_before
        return f"{self.due} of {length.steps}" if length else f"position {self.due}"

    @cached_property
    def plan(self) -> Imported | None:
        """What the earlier scheduler follows, if the earlier rates prove it."""
        return curve.proved_plan(self.then) if self.then else None

    def wrong(self, position: int | None = None) -> NDArray[np.bool_] | None:
        """Say for each update whether its rate is not that of the earlier plan.

        Args:
            position: at the first call; where it was due if not given.

        Returns:
            None if that cannot be said.
        """
        at = self.due if position is None else position
        if self.plan is None or at is None:
            return None
        return curve.off_plan(self.now, self.plan, at)

    @property
    def is_restored(self) -> bool:
        """Whether it was brought to a position in any way."""
        if self.load is not None or self.given_last_epoch is not None:
            return True
        ahead = int(self.before.between[0]) if self.before is not None else 0
        return self.scheduler.event.how == "found" or self.start > min(ahead, 1)

    @cached_property
    def was_saved(self) -> bool:
        """Whether the earlier training took the state of the earlier scheduler."""
        if self.before is None:
            return False
        items = self.before.training.process.history.items("scheduler_state_saved")
        parts = {each.scheduler for each in self.before.parts}
        return any(each.get("scheduler") in parts for each in items.values())

    @cached_property
    def first_rates(self) -> list[float]:
        """The rates of the first update, of groups that took part in it."""
        return [float(g.applied[0]) for g in self.optimizer.groups if not g.begins]

    @cached_property
    def rates_loaded(self) -> list[float]:
        """The rates that its state says it had set last; empty if it does not."""
        told = self.load.attributes.get("_last_lr") if self.load else None
        return numbers(told if isinstance(told, list) else None)

    @property
    def has_new_base(self) -> bool:
        """Whether the optimizer was made with another rate than before."""
        return self.resumption.has_new_base

    @property
    def horizon(self) -> Horizon | None:
        """Its length after what was loaded."""
        return self.now.horizon

    @property
    def horizon_before(self) -> Horizon | None:
        """The length of the earlier one."""
        return self.then.horizon if self.then else None

    @property
    def has_other_length(self) -> bool:
        """Whether it is longer or shorter than the earlier one, as far as is known."""
        ours, theirs = self.horizon, self.horizon_before
        if ours is not None and theirs is not None:
            return abs(ours.steps - theirs.steps) > 1
        if self.before is None:
            return False
        ours, theirs = (
            without_place(each.event.arguments.get("lr_lambda"))
            for each in (self.scheduler, self.before)
        )
        return bool(ours != theirs)

    @property
    def is_same_schedule(self) -> bool:
        """Whether it was made as the earlier one was: class, numbers and parts."""
        return self.then is not None and self.now.made_of == self.then.made_of

    @property
    def had_ended(self) -> bool:
        """Whether the earlier schedule had come to its end when it was left."""
        length, before = self.horizon_before, self.before
        if length is None or before is None or not length.ends_run:
            return False
        return before.position >= length.steps - 1
