"""Continued: a scheduler of a resumed training beside its counterpart before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.horizon import Horizon, horizon_of
from lrscope.audit.facts.moment import Moment, times_before
from lrscope.recording.events import SchedulerConstructed, SchedulerStateLoaded
from lrscope.schedules.importers import Imported, imported

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.resumption import Resumption
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.training import Training

SAME = 0.02
"""Rates that differ by less, relative to the larger, are the same."""


@dataclass(frozen=True)
class Continued:
    """A scheduler that drives an optimizer that goes on.

    Attributes:
        scheduler: the scheduler.
        before: the one it takes the place of; None if that is not known.
        resumption: the optimizer that goes on.
    """

    scheduler: Scheduler
    before: Scheduler | None
    resumption: Resumption

    @property
    def training(self) -> Training:
        """The process that goes on."""
        return self.scheduler.training

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer that goes on."""
        return self.resumption.optimizer

    @property
    def optimizer_name(self) -> str:
        """Its name."""
        return self.optimizer.name

    group_name = None

    @property
    def where(self) -> tuple[tuple[str, int], ...]:
        """The line that made it, those that load its state and the optimizer's."""
        made, load = self.scheduler.event.where, self.load
        loads = [each.where for each in self.resumption.loads]
        loads += [load.where] if load else []
        return tuple(dict.fromkeys(each for each in (made, *loads) if each))

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside its steps."""
        return self.scheduler.ratios

    @property
    def counts(self) -> bool:
        """Whether its position is the number of its steps, before and now."""
        both = (self.scheduler, self.before)
        return not any(each.follows_metric for each in both if each is not None)

    @cached_property
    def load(self) -> SchedulerStateLoaded | None:
        """The last state that it was given before the optimizer's first call."""
        return loaded_before(self.scheduler, self.optimizer)

    @property
    def given_last_epoch(self) -> int | None:
        """The ``last_epoch`` that its constructor was given; None if none."""
        given = [each.arguments.get("last_epoch") for each in self.scheduler.parts]
        found = [e for e in given if isinstance(e, int) and e >= 0]
        return found[0] if found and self.load is None else None

    @cached_property
    def start(self) -> int:
        """Its position at the first call."""
        return position_at_first_call(self.scheduler, self.optimizer)

    @property
    def stepped_since_loading(self) -> bool:
        """Whether it was stepped between its loading or making and the first call."""
        return self.start != _begun(self.scheduler, self.load)

    def may_be_saved_at(self, call: int) -> bool:
        """Say whether its state can be the one of a call of the earlier optimizer."""
        if self.before is None or self.load is None or self.resumption.before is None:
            return False
        position = self.load.attributes.get("last_epoch")
        reached = self._reached(self.before, self.resumption.before)
        after = reached[min(call + 1, reached.size - 1)]
        return isinstance(position, int) and reached[call] - 1 <= position <= after

    @cached_property
    def due(self) -> int | None:
        """Its position at the first call if the training had not been interrupted."""
        at, before, optimizer = (
            self.resumption.at_call,
            self.before,
            self.resumption.before,
        )
        if before is None or optimizer is None or at is None or not self.counts:
            return None
        reached = self._reached(before, optimizer)
        if at < optimizer.calls.size or before.between[-1]:
            return int(reached[at])
        stepped = np.flatnonzero(before.between[:-1])
        if stepped.size < 2:
            return None
        spacing = int(stepped[-1] - stepped[-2])
        whole = optimizer.calls.size - int(stepped[-1]) == spacing
        return int(reached[at]) + (int(before.between[stepped[-1]]) if whole else 0)

    @staticmethod
    def _reached(scheduler: Scheduler, optimizer: Optimizer) -> NDArray[np.int64]:
        """Return the position before each call, and after all."""
        between = scheduler.between.astype(np.int64)
        return position_at_first_call(scheduler, optimizer) + np.concatenate(
            ([0], np.cumsum(between[1:]))
        )

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """Steps it had taken since the first call, before each update."""
        steps = self._reached(self.scheduler, self.optimizer)[:-1] - self.start
        return steps[self.optimizer.updated]

    @cached_property
    def plan(self) -> Imported | None:
        """What the earlier scheduler follows, if the earlier rates prove it."""
        before, optimizer = self.before, self.resumption.before
        if before is None or optimizer is None or not self.counts:
            return None
        found = plan_of(before, optimizer)
        if found is None:
            return None
        reached = self._reached(before, optimizer)[:-1][optimizer.updated]
        planned = found.rates(reached)
        groups = optimizer.groups
        if len(groups) != len(planned):
            return None
        for group, rates in zip(groups, planned, strict=True):
            if group.applied.size != rates.size or differ(group.applied, rates).any():
                return None
        return found

    def wrong(self, position: int | None = None) -> NDArray[np.bool_] | None:
        """Say for each update whether its rate is not that of the earlier plan.

        Args:
            position: at the first call; where it was due if not given.

        Returns:
            None if that cannot be said.
        """
        at = self.due if position is None else position
        groups = self.optimizer.groups
        if self.plan is None or at is None or len(groups) != len(self.plan.bases):
            return None
        planned = self.plan.rates(self.positions + at)
        found = np.zeros(self.positions.size, bool)
        for group, rates in zip(groups, planned, strict=True):
            if group.applied.size != rates.size:
                return None
            found |= differ(group.applied, rates)
        return found

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

    @property
    def due_in_words(self) -> str:
        """Where it would have been without the interruption."""
        length = self.horizon_before
        return f"{self.due} of {length.steps}" if length else f"position {self.due}"

    @cached_property
    def first_rates(self) -> list[float]:
        """The rates of the first update, of groups that took part in it."""
        return [float(g.applied[0]) for g in self.optimizer.groups if not g.begins]

    @cached_property
    def rates_loaded(self) -> list[float]:
        """The rates that its state says it had set last; empty if it does not."""
        told = self.load.attributes.get("_last_lr") if self.load else None
        numbers = told if isinstance(told, list) else []
        return [float(each) for each in numbers if isinstance(each, (int, float))]

    @property
    def has_new_base(self) -> bool:
        """Whether the optimizer was made with another rate than before."""
        return self.resumption.has_new_base

    @cached_property
    def horizon(self) -> Horizon | None:
        """Its length after what was loaded."""
        return effective_horizon(self.scheduler, self.optimizer)

    @cached_property
    def horizon_before(self) -> Horizon | None:
        """The length of the earlier one."""
        optimizer = self.resumption.before
        if self.before is None or optimizer is None:
            return None
        return effective_horizon(self.before, optimizer)

    @property
    def is_same_schedule(self) -> bool:
        """Whether it was made as the earlier one was: class, numbers and parts."""
        if self.before is None:
            return False
        return _made_of(self.scheduler) == _made_of(self.before)

    @cached_property
    def had_ended(self) -> bool:
        """Whether the earlier schedule had come to its end when it was left."""
        length, before = self.horizon_before, self.before
        return bool(
            length and before and length.ends_run and before.position >= length.steps - 1
        )


def are_near(ours: list[float], theirs: list[float]) -> bool:
    """Say whether two lists of rates are the same."""
    if len(ours) != len(theirs):
        return False
    return not differ(np.array(ours), np.array(theirs)).any()


def differ(
    ours: NDArray[np.float64], theirs: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Say for each two rates whether they are not the same."""
    size = np.maximum(np.abs(ours), np.abs(theirs))
    least = 1e-3 * np.max(size, initial=0.0, where=np.isfinite(size))
    return ~(np.abs(ours - theirs) <= np.maximum(SAME * size, least))


def loaded_before(
    scheduler: Scheduler, optimizer: Optimizer, part: int | None = None
) -> SchedulerStateLoaded | None:
    """Return the last state given to a scheduler or a part before the first call."""
    number = scheduler.event.scheduler if part is None else part
    found = [
        each
        for each in scheduler.training.process.history.of(SchedulerStateLoaded)
        if each.scheduler == number
        if not optimizer.calls.size or each.row <= optimizer.calls[0]
    ]
    return found[-1] if found else None


def position_at_first_call(scheduler: Scheduler, optimizer: Optimizer) -> int:
    """Return how far a scheduler had come at its optimizer's first call."""
    load = loaded_before(scheduler, optimizer)
    stepped = int(scheduler.between[0]) if optimizer.calls.size else 0
    if load is not None:
        stepped -= times_before(
            scheduler.training, scheduler.items, moment_of(scheduler.training, load)
        )
    elif scheduler.event.how == "found":  # met when it was stepped
        stepped -= times_before(
            scheduler.training,
            scheduler.items,
            moment_of(scheduler.training, scheduler.event),
        )
    return _begun(scheduler, load) + stepped


def _begun(scheduler: Scheduler, load: SchedulerStateLoaded | None) -> int:
    start = (load or scheduler.event).attributes.get("last_epoch")
    return start if isinstance(start, int) else 0


def moment_of(training: Training, event: Any) -> Moment:
    """Return when a rare event happened."""
    for row, after, each in training.process.history.rare:
        if each is event:
            return Moment(row, after)
    return Moment(event.row, 0)


def _as_loaded(
    scheduler: Scheduler, optimizer: Optimizer
) -> dict[int, SchedulerConstructed]:
    """Return a scheduler and its parts with the attributes that loading gave them."""
    found = {each.scheduler: each for each in scheduler.parts}
    for each in scheduler.parts:
        load = loaded_before(scheduler, optimizer, each.scheduler)
        if load is not None:
            brought = load.attributes
            given = {k: brought.get(k, v) for k, v in each.arguments.items()}
            found[each.scheduler] = replace(
                each, attributes={**each.attributes, **brought}, arguments=given
            )
    return found


def effective_horizon(scheduler: Scheduler, optimizer: Optimizer) -> Horizon | None:
    """Return the length of a scheduler after what was loaded into it."""
    known = {**scheduler.training.constructed, **_as_loaded(scheduler, optimizer)}
    return horizon_of(known[scheduler.event.scheduler], known)


def plan_of(scheduler: Scheduler, optimizer: Optimizer) -> Imported | None:
    """Return what a scheduler follows, from position 0; None if that is not known."""
    known = _as_loaded(scheduler, optimizer)
    fresh = {
        number: replace(
            each,
            arguments={**each.arguments, "last_epoch": -1},
            attributes={**each.attributes, "last_epoch": 0, "_step_count": 1},
            rates=(),
        )
        for number, each in known.items()
    }
    source = fresh if _resumed(scheduler, optimizer) else known
    found = imported(source[scheduler.event.scheduler], among=source)
    return found if isinstance(found, Imported) else None


def _resumed(scheduler: Scheduler, optimizer: Optimizer) -> bool:
    return loaded_before(scheduler, optimizer) is not None or any(
        isinstance(given := each.arguments.get("last_epoch"), int) and given >= 0
        for each in scheduler.parts
    )


def _made_of(scheduler: Scheduler) -> list[tuple[str, dict[str, Any]]]:
    """Return classes and arguments, without what numbers objects or says a place."""
    left_out = {"optimizer", "schedulers", "last_epoch"}
    return [
        (
            each.class_name,
            {k: v for k, v in each.arguments.items() if k not in left_out},
        )
        for each in scheduler.parts
    ]
