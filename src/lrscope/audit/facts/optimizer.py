"""Optimizer: what one optimizer of a process was called for, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.group import Group
from lrscope.audit.facts.site import distinct, sites_of
from lrscope.audit.facts.tally import usual
from lrscope.recording import rows
from lrscope.recording.epochs import Epochs, epochs_of
from lrscope.recording.events import (
    GraphKeepsRate,
    OptimizerStateLoaded,
    PlanDeclared,
    RateIsNoNumber,
    StepCaptured,
)
from lrscope.recording.ratio import backward_calls_of
from lrscope.recording.rowset import at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.site import Sites
    from lrscope.audit.facts.training import Training
    from lrscope.recording.events import OptimizerConstructed
    from lrscope.recording.track import OptimizerId


@dataclass(frozen=True)
class Optimizer:
    """One optimizer, stepped or not.

    Attributes:
        training: the process it belongs to.
        number: its number in the recording.
        event: how it was made; None if that was not recorded.
        stepped: its name and index; None if it never took a step.
    """

    training: Training
    number: int
    event: OptimizerConstructed | None
    stepped: OptimizerId | None

    @property
    def optimizer_name(self) -> str:
        """Its name."""
        return self.name

    group_name = None

    @property
    def name(self) -> str:
        """Its name in the run, or what it was made as if it never took a step."""
        if self.stepped is not None:
            return self.stepped.name
        return (
            self.event.class_name.lower() if self.event else f"optimizer{self.number}"
        )

    @property
    def where(self) -> Sites:
        """The line that made it."""
        return distinct(self.event.where if self.event else None)

    @property
    def elements(self) -> int:
        """The numbers in its parameters; a wrapper has those it wraps."""
        return sum(each.elements for each in self.event.groups) if self.event else 0

    @cached_property
    def plans(self) -> tuple[PlanDeclared, ...]:
        """What drivers of ours said that it will follow, in order."""
        return self.training.process.history.of_one(PlanDeclared, self.number)

    @cached_property
    def loads(self) -> tuple[OptimizerStateLoaded, ...]:
        """The states that it was given, in order."""
        return self.training.process.history.of_one(OptimizerStateLoaded, self.number)

    @property
    def loads_at_start(self) -> tuple[OptimizerStateLoaded, ...]:
        """Those of them that it was given before it began to train."""
        return tuple(each for each in self.loads if each.row <= self.begins)

    @cached_property
    def begins(self) -> int:
        """The row of its first call; of one with a rate, if a state came in between.

        torch.distributed.checkpoint steps at rate 0 before it loads.
        """
        first = int(self.calls[0]) if self.calls.size else -1
        later = [each.row for each in self.loads if each.row > first]
        moving = [each.applied != 0 for each in self.groups] if later else []
        begun = [int(each.argmax()) for each in moving if each.any()]
        row = int(self.update_rows[min(begun)]) if begun else first
        return row if later and min(later) <= row else first

    @cached_property
    def calls(self) -> NDArray[np.int64]:
        """Rows of its calls of ``step()``, skipped ones included."""
        if self.stepped is None:
            return np.zeros(0, np.int64)
        return self.training.process.step_rows(self.number)

    @cached_property
    def updated(self) -> NDArray[np.bool_]:
        """For each call, whether it updated parameters."""
        return at(self.training.process.updated, self.calls)

    @cached_property
    def updates(self) -> int:
        """How many calls updated parameters."""
        return int(self.updated.sum())

    @property
    def throughout(self) -> tuple[int, int]:
        """The first and the last update."""
        return 0, max(0, self.updates - 1)

    @property
    def update_rows(self) -> NDArray[np.int64]:
        """Rows of the calls that updated parameters."""
        return self.calls if self.updated.all() else self.calls[self.updated]

    def updates_before(self, row: int) -> int:
        """Return how many updates came before a row."""
        calls = int(np.searchsorted(self.calls, row))
        return int(self.updated[:calls].sum())

    @cached_property
    def overflowed(self) -> NDArray[np.bool_]:
        """For each call, whether a GradScaler left the update out."""
        flags = at(self.training.process.rows.flags, self.calls)
        return (flags & rows.OVERFLOW > 0) & ~self.updated

    @cached_property
    def scaled(self) -> bool:
        """Whether a GradScaler stepped it."""
        flags = at(self.training.process.rows.flags, self.calls)
        return bool((flags & rows.SCALED).any())

    @cached_property
    def epochs(self) -> Epochs | None:
        """The passes over data in which it was called; None if none was seen."""
        return epochs_of(self.training.process.passes, self.calls)

    @cached_property
    def backward(self) -> NDArray[np.int32]:
        """Backward calls of the process before each call, and after the last."""
        items = self.training.process.history.items("backward")
        return self.training.tally.between(items, self.calls)

    @cached_property
    def backward_per_call(self) -> int:
        """Backward calls between two of its calls, as they usually are."""
        return usual(self.backward[1:-1] if self.calls.size > 2 else self.backward)

    @cached_property
    def accumulation(self) -> int:
        """Batches for each update: by backward calls, or else by what loaders gave."""
        if not self.calls.size:
            return 1
        backward = self.backward_per_call
        batches = self.epochs.batches_per_call if self.epochs else None
        return max(1, backward, round(batches) if batches and backward <= 1 else 1)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Its groups, those that were updated."""
        tracks = self.training.process.tracks_of
        own = tracks.get(self.stepped, ()) if self.stepped else ()
        found = [Group(track, self) for track in own]
        return tuple(each for each in found if each.applied.size)

    @cached_property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """The schedulers that drive it, those inside others left out."""
        return tuple(self.training.schedulers_of.get(self.number, ()))

    @property
    def driven_by(self) -> tuple[Scheduler, ...]:
        """Those of them that the program stepped."""
        return tuple(each for each in self.schedulers if each.steps)

    @property
    def is_constant(self) -> bool:
        """Whether no rate of it ever changed."""
        return not any(each.changes.size for each in self.groups)

    @cached_property
    def not_numbers(self) -> tuple[RateIsNoNumber, ...]:
        """What it held as a rate that is no number, in order."""
        return self.training.process.history.of_one(RateIsNoNumber, self.number)

    @property
    def ignores_lr(self) -> bool:
        """Whether it is an Adafactor that works its rate out from the step alone."""
        groups = self.event.groups if self.event else ()
        return any(each.others.get("relative_step") is True for each in groups)

    @property
    def is_captured(self) -> bool:
        """Whether a CUDA graph holds steps of it."""
        return bool(self.training.process.history.of_one(StepCaptured, self.number))

    @cached_property
    def kept_by_graphs(self) -> tuple[GraphKeepsRate, ...]:
        """Where a CUDA graph went on with other rates than its groups held."""
        return self.training.process.history.of_one(GraphKeepsRate, self.number)

    @cached_property
    def written(self) -> int:
        """How often its rates were written by hand."""
        return self.training.tally.total(self._hand)

    @property
    def _hand(self) -> dict[int, dict[str, Any]]:
        return self.training.process.history.written_by_hand.get(self.number, {})

    @property
    def writers(self) -> Sites:
        """The lines that change its rates."""
        by_scheduler = (site for each in self.schedulers for site in each.where)
        by_driver = (each.where for each in self.plans)
        by_hand = (site for each in self._hand.values() for site in sites_of(each))
        return distinct(*by_scheduler, *by_driver, *by_hand) or self.where

    @cached_property
    def ratios(self) -> dict[str, Any]:
        """Updates, scheduler steps, backward calls, passes and processes."""
        process = self.training.process
        return {
            "updates": self.updates,
            "scheduler_steps": sum(each.steps for each in self.schedulers),
            "backward_calls": backward_calls_of(process, self.calls),
            "passes": self.epochs.count if self.epochs else 0,
            "world_size": process.world_size or 1,
        }
