"""Moving: what the measured steps of a group did to its weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.subject import About

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.recording.measured import Measured

ENOUGH = 4
"""Measured steps below which nothing is said."""


@dataclass(frozen=True)
class Moving(About):
    """A group whose steps were measured.

    Attributes:
        group: the group.
        measured: what was measured.
    """

    group: Group
    measured: Measured

    @property
    def about(self) -> Group:
        """The group."""
        return self.group

    @cached_property
    def applied(self) -> NDArray[np.float64]:
        """The rate that was applied at each measured step."""
        track = self.group.track
        return track.applied[np.searchsorted(track.steps, self.measured.steps)]

    @property
    def steps(self) -> tuple[int, int]:
        """The first and the last measured step."""
        return int(self.measured.steps[0]), int(self.measured.steps[-1])

    @property
    def has_gradient(self) -> bool:
        """Whether any measured step found a gradient other than 0."""
        return bool(self.measured.sums.gradient_not_zero.any())


def moving_in(case: Case) -> list[Moving]:
    """Return the groups of which enough steps were measured."""
    found = [(each, each.track.measured) for each in case.groups]
    return [
        Moving(group, measured)
        for group, measured in found
        if measured is not None and len(measured) >= ENOUGH
    ]
