"""Scheduler: how one scheduler was stepped beside the optimizer that it drives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.driving import Driving
from lrscope.audit.facts.idle import in_idle_passes
from lrscope.audit.facts.proved import proved_horizon
from lrscope.audit.facts.restored import Restored
from lrscope.audit.facts.site import distinct, site_of
from lrscope.audit.facts.tally import usual
from lrscope.recording.events import SchedulerStateLoaded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.horizon import Horizon
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.site import Site, Sites
    from lrscope.audit.facts.training import Training
    from lrscope.recording.events import SchedulerConstructed

ACCELERATE = "accelerate/scheduler.py"
"""Where accelerate steps the scheduler that it wraps."""

COUNTS = ("T_max", "total_iters", "step_size", "step_size_up", "milestones", "gamma")
"""Arguments that tell best how a scheduler goes, the first that it has."""


@dataclass(frozen=True)
class Scheduler(Driving):
    """One scheduler that the program steps itself.

    Attributes:
        training: the process it belongs to.
        event: how it was made.
        optimizer: the optimizer it drives; None if not known.
    """

    training: Training
    event: SchedulerConstructed
    optimizer: Optimizer | None

    @property
    def number(self) -> int:
        """Its number in the recording."""
        return self.event.scheduler

    @property
    def class_name(self) -> str:
        """Such as "CosineAnnealingLR"."""
        return self.event.class_name

    @cached_property
    def parts(self) -> tuple[SchedulerConstructed, ...]:
        """It and all schedulers that it is made of."""
        made = self.training.constructed
        found = {self.number: made.get(self.number, self.event)}
        unseen = [self.number]
        for each in unseen:
            inner = [k for k in found[each].children if k in made and k not in found]
            found.update((k, made[k]) for k in inner)
            unseen += dict.fromkeys(inner)
        return tuple(found.values())

    def made_of(self, *kinds: str) -> bool:
        """Say whether it, or a part of it, is of one of some classes."""
        return any(each.class_name in kinds for each in self.parts)

    @property
    def called(self) -> str:
        """Its class and what it counts by, such as "StepLR(step_size=30)"."""
        own = self.event.arguments
        for name in () if self.event.children else COUNTS:
            if isinstance(own.get(name), (int, float, list)):
                return f"{self.class_name}({name}={own[name]})"
        length = self.horizon
        return (
            f"{self.class_name} of {length.steps} steps" if length else self.class_name
        )

    @cached_property
    def items(self) -> dict[int, dict[str, Any]]:
        """Items that say that the program stepped it."""
        return self.training.process.history.steps_of.get(self.number, {})

    @cached_property
    def sites(self) -> dict[Site, int]:
        """The lines of the program that step it, and how often each did."""
        found: dict[Site, int] = {}
        for number, item in self.items.items():
            site = site_of(item)
            times = self.training.tally.total({number})
            if site and times:
                found[site] = found.get(site, 0) + times
        return found

    @property
    def where(self) -> Sites:
        """The lines that step it, then the line that made it."""
        return distinct(*self.sites, self.event.where)

    @cached_property
    def steps(self) -> int:
        """How often the program stepped it."""
        return self.training.tally.total(self.items)

    @property
    def by_accelerate(self) -> bool:
        """Whether accelerate steps it for the program."""
        return any(
            str((item.get("where") or [""])[0]).replace("\\", "/").endswith(ACCELERATE)
            for item in self.items.values()
        )

    @property
    def by_argument(self) -> bool:
        """Whether it is told where it is, or a metric, when it is stepped."""
        return any("argument" in item for item in self.items.values())

    @property
    def follows_metric(self) -> bool:
        """Whether it decides by a metric, not by the number of its steps."""
        return "Plateau" in self.class_name or self.by_argument

    @cached_property
    def _metrics(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return self.training.arguments_of(self.number)

    @property
    def metrics(self) -> NDArray[np.float64]:
        """The numbers it was stepped with, in order, where they could be read."""
        return self._metrics[1]

    @cached_property
    def updates_before_metrics(self) -> NDArray[np.int64]:
        """For each of those numbers, how many calls of its optimizer came before."""
        return np.searchsorted(self.calls, self._metrics[0])

    @cached_property
    def between(self) -> NDArray[np.int32]:
        """Its steps before each call of its optimizer, and after the last."""
        if not self.calls.size:
            return np.array([self.steps], np.int32)
        return self.training.tally.between(self.items, self.calls)

    def between_at(self, site: Site) -> NDArray[np.int32]:
        """Return the same of the steps that one line takes."""
        own = {number for number, item in self.items.items() if site_of(item) == site}
        if not self.calls.size:
            return np.zeros(1, np.int32)
        return self.training.tally.between(own, self.calls)

    @cached_property
    def steps_in_idle_passes(self) -> dict[int, int]:
        """Its steps in passes over data in which nothing was trained, by row."""
        return in_idle_passes(self.training.process, self.items)

    @cached_property
    def restored(self) -> Restored:
        """What it was when its optimizer was first called."""
        return Restored(self)

    def calls_before(self, row: int) -> int:
        """Return how many calls of its optimizer came before a row."""
        return int(np.searchsorted(self.calls, row))

    @cached_property
    def alive(self) -> slice:
        """The calls of its optimizer from its first to its last step."""
        stepped = np.flatnonzero(self.between)
        if not stepped.size:
            return slice(0, 0)
        return slice(max(0, int(stepped[0]) - 1), int(stepped[-1]) + 1)

    @cached_property
    def per_call(self) -> int:
        """Its steps between two calls of its optimizer, as they usually are."""
        inner = self.between[1:-1] if self.between.size > 2 else self.between
        return usual(inner)

    @cached_property
    def calls_per_step(self) -> float:
        """Calls of its optimizer for each of its steps, over its whole life."""
        if not self.steps or self.optimizer is None:
            return float("inf")
        return self.calls.size / self.steps

    @cached_property
    def horizon(self) -> Horizon | None:
        """How long it is meant to be, in its own steps; None if that is unknown.

        What a state that was loaded at the start says, counts.
        """
        return self.restored.horizon or proved_horizon(self)

    @property
    def horizon_steps(self) -> int:
        """Its length in steps, 0 if that is unknown."""
        return self.horizon.steps if self.horizon else 0

    @cached_property
    def loads(self) -> tuple[SchedulerStateLoaded, ...]:
        """The states that it was given itself, in order."""
        history = self.training.process.history
        return history.of_one(SchedulerStateLoaded, self.number)

    @cached_property
    def position(self) -> int:
        """How far it had come at the end, in its own steps."""
        told = self.loads[-1] if self.loads else self.event
        start = told.attributes.get("last_epoch")
        begun = start if isinstance(start, int) else 0
        if not self.loads:
            return begun + self.steps
        return begun + self.training.tally.since(told.row, self.items)

    @property
    def progress(self) -> float | None:
        """Position over horizon at the end; None without a horizon."""
        return self.position / self.horizon.steps if self.horizon else None

    @property
    def fits_the_run(self) -> bool:
        """Whether its length is known and it ended when the run did, within 10 %."""
        progress = self.progress
        if self.horizon is None or not self.horizon.ends_run or progress is None:
            return False
        return 0.9 <= progress <= 1.1

    def ended_at_one_in(self, times: int) -> bool:
        """Say whether its length is so many times what it came to, within 5 %."""
        return 0.95 <= self.horizon_steps / (times * self.position) <= 1.05

    @cached_property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside its steps."""
        others = self.optimizer.ratios if self.optimizer else {}
        own: dict[str, Any] = {**others, "scheduler_steps": self.steps}
        if self.horizon is not None:
            own |= {"position": self.position, "horizon": self.horizon.steps}
        return own
