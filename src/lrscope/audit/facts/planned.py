"""Planned: the rates that a group was meant to have, update by update."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.subject import About

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.site import Site, Sites
    from lrscope.schedules import Schedule


@dataclass(frozen=True)
class Planned(About):
    """What one group was meant to follow in some of its updates.

    Attributes:
        group: the group.
        schedule: a factor of ``base``, or rates (``is_rate``).
        base: the rate that factors are factors of.
        steps: the step of the schedule for each of these updates.
        first: the first of them, an index into ``group.applied``.
        source: who said so, in words.
        explicit: whether it was said as a plan, not read from a scheduler.
        said_at: the line that said it; None if it is not known.
    """

    group: Group
    schedule: Schedule
    base: float
    steps: NDArray[np.signedinteger]
    first: int
    source: str
    explicit: bool
    said_at: Site | None = None

    @property
    def about(self) -> Group:
        """The group."""
        return self.group

    @property
    def where(self) -> Sites:
        """The lines that change its rate, then the line that said the plan."""
        return distinct(*self.group.where, self.said_at)

    def rates(self, part: slice = slice(None)) -> NDArray[np.float64]:
        """Return the planned rate of each of these updates, or of a part of them."""
        found = np.asarray(self.schedule(self.steps[part]), np.float64)
        return found if self.schedule.is_rate else found * self.base

    @cached_property
    def applied(self) -> NDArray[np.float64]:
        """The rate that each of these updates was really made with."""
        return self.group.applied[self.first : self.first + self.steps.size]
