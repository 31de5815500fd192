"""Planned: the rates that a group was meant to have, update by update."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.training import Training
    from lrscope.schedules import Schedule

    Sites = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Planned:
    """What one group was meant to follow in some of its updates.

    Attributes:
        group: the group.
        schedule: a factor of ``base``, or rates (``is_rate``).
        base: the rate that factors are factors of.
        steps: the step of the schedule for each of these updates.
        first: the first of them, an index into ``group.applied``.
        source: who said so, in words.
        explicit: whether it was said as a plan, not read from a scheduler.
        said_at: the line that said it.
    """

    group: Group
    schedule: Schedule
    base: float
    steps: NDArray[np.int64]
    first: int
    source: str
    explicit: bool
    said_at: Sites = ()

    @property
    def training(self) -> Training:
        """The process it belongs to."""
        return self.group.training

    @property
    def optimizer_name(self) -> str:
        """The optimizer of the group."""
        return self.group.optimizer_name

    @property
    def group_name(self) -> str:
        """The group."""
        return self.group.group_name

    @property
    def where(self) -> Sites:
        """The lines that change its rate, then the line that said the plan."""
        return tuple(dict.fromkeys((*self.group.where, *self.said_at)))

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside its updates."""
        return self.group.ratios

    def rates(self, part: slice = slice(None)) -> NDArray[np.float64]:
        """Return the planned rate of each of these updates, or of a part of them."""
        found = np.asarray(self.schedule(self.steps[part]), np.float64)
        return found if self.schedule.is_rate else found * self.base

    @cached_property
    def applied(self) -> NDArray[np.float64]:
        """The rate that each of these updates was really made with."""
        return self.group.applied[self.first : self.first + self.steps.size]
