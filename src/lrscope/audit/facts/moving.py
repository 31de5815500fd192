"""Moving: what the measured steps of a group did to its weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.subject import About
from lrscope.recording.events import MeasuringBegan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.recording.measured import Measured

ENOUGH = 4
"""Measured steps below which nothing is said."""

IN_A_SAMPLE = 16
"""Times as many for "no gradient": a sample may miss the rows that a batch uses."""

AT_WORK = 0.1
"""Share of its peak above which a rate is at work, not warming up or fading."""


@dataclass(frozen=True)
class Moving(About):
    """A group whose steps were measured, on all ranks where they share its weights.

    Attributes:
        group: the group.
        measured: what was measured.
        parts: how it was drawn, plain data.
        accompanied: for each measured step, whether another group of the optimizer
            had a gradient.
        others_known: whether all else that the optimizer holds was measured too.
    """

    group: Group
    measured: Measured
    parts: tuple[dict[str, Any], ...]
    accompanied: NDArray[np.bool_]
    others_known: bool

    @property
    def about(self) -> Group:
        """The group."""
        return self.group

    @cached_property
    def applied(self) -> NDArray[np.float64]:
        """The rate that was applied at each measured step; NaN if it is not known."""
        track = self.group.track
        known = dict(zip(track.steps.tolist(), track.applied.tolist(), strict=True))
        found = [known.get(each, np.nan) for each in self.measured.steps.tolist()]
        return np.array(found, np.float64)

    @cached_property
    def at_work(self) -> NDArray[np.bool_]:
        """For each measured step, whether the rate was not far below its peak."""
        return (self.applied > 0) & (self.applied >= AT_WORK * self.group.peak)

    @property
    def felt(self) -> NDArray[np.bool_]:
        """For each measured step, whether there was a gradient other than 0."""
        return _felt(self.measured)

    @property
    def moves(self) -> NDArray[np.bool_]:
        """For each measured step, whether any weight changed."""
        return self.measured.sums.elements_moved > 0

    @cached_property
    def stays(self) -> bool:
        """Whether nothing else moved the weights between the measured steps."""
        squares = self.measured.sums.weight_weight
        return bool(np.ptp(squares) <= 1e-12 * np.max(squares))

    @property
    def enough_without(self) -> int:
        """Measured steps without a gradient that are enough to say so."""
        sampled = self.measured.looked_at < self.measured.elements
        return ENOUGH * (IN_A_SAMPLE if sampled else 1)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Types of the weights, such as "bfloat16"; none if that was not recorded."""
        found = (each for part in self.parts for each in part.get("dtypes", ()))
        return tuple(sorted(set(found)))

    def span(self, chosen: NDArray[np.bool_]) -> tuple[int, int]:
        """Return the first and the last of some of the measured steps."""
        steps = self.measured.steps[chosen]
        return int(steps[0]), int(steps[-1])


def moving_in(case: Case) -> list[Moving]:
    """Return the groups of which enough steps were measured."""
    return [
        each
        for optimizer in case.optimizers
        for each in _of(case, optimizer)
        if len(each.measured) >= ENOUGH
    ]


def _of(case: Case, optimizer: Optimizer) -> list[Moving]:
    found = [(each, _measured(case, each)) for each in optimizer.groups]
    there = [(group, each) for group, each in found if each is not None]
    known = [(group, each) for group, each in there if each.elements]
    left_out = any(each.left_out for each in _began(optimizer))
    movings = []
    for group, own in known:
        others = [each for other, each in known if other is not group]
        felt = [own.steps[:0], *(each.steps[_felt(each)] for each in others)]
        moving = Moving(
            group=group,
            measured=own,
            parts=_parts_of(group),
            accompanied=np.isin(own.steps, np.concatenate(felt)),
            others_known=len(there) == len(found) and not left_out,
        )
        movings.append(moving)
    return movings


def _felt(measured: Measured) -> NDArray[np.bool_]:
    return measured.sums.gradient_not_zero > 0


def _measured(case: Case, group: Group) -> Measured | None:
    """Return what was measured of a group; of all ranks if each holds a share of it."""
    if all(each["copies"] is None for each in _parts_of(group)):
        return group.track.measured
    if group.training.segment != case.run.main.segment:
        return None
    return case.run.measured(group.track.name)


def _parts_of(group: Group) -> tuple[dict[str, Any], ...]:
    return tuple(
        part
        for event in _began(group.optimizer)
        for part in event.parts
        if part["group"] == group.index
    )


def _began(optimizer: Optimizer) -> list[MeasuringBegan]:
    history = optimizer.training.process.history
    return list(history.of_one(MeasuringBegan, optimizer.number))
