"""Ramp: a range test at the beginning of a run, and what comes after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.group import Group
    from lrscope.recording.events import SchedulerConstructed

LEAST = 20
"""Updates that a range test has."""

SPAN = 100.0
"""From its first rate to its last."""

BEYOND = 10.0
"""Times the rate that the group was made with, to which no warm-up leads."""


@dataclass(frozen=True)
class Ramp:
    """A stretch of updates, from the first, whose rate grows by one factor.

    Attributes:
        group: the group.
        length: updates in it.
        factor: from each to the next.
    """

    group: Group
    length: int
    factor: float

    @property
    def low(self) -> float:
        """Its first rate."""
        return float(self.group.applied[0])

    @property
    def high(self) -> float:
        """Its last rate."""
        return float(self.group.applied[self.length - 1])

    @property
    def due(self) -> float:
        """The rate that its scheduler left after its last update."""
        return self.high * self.factor

    @property
    def rest(self) -> NDArray[np.float64]:
        """The rates of the updates after it."""
        return self.group.applied[self.length :]

    @property
    def row(self) -> int:
        """The row of its last update."""
        return int(self.group.optimizer.update_rows[self.length - 1])

    @property
    def following(self) -> int:
        """The row of the next update."""
        return int(self.group.optimizer.update_rows[self.length])

    @property
    def made_after(self) -> list[SchedulerConstructed]:
        """Schedulers made between its last two updates and the next.

        The last rate that its scheduler left may be the first of what comes after.
        """
        return [
            each
            for each in self.group.training.constructed.values()
            if each.optimizer == self.group.optimizer.number
            if self.row <= each.row <= self.following and each.how == "constructed"
        ]

    @property
    def is_apart(self) -> bool:
        """Whether what comes after it is a training of its own.

        A state was loaded or a scheduler was made at its end, which no warm-up does;
        or it went far beyond the rate that its group was made with, and stayed there.
        """
        return (
            bool(self.made_after)
            or self._was_left
            or any(
                self.row <= each.row <= self.following
                for each in self.group.optimizer.loads
            )
        )

    @property
    def _was_left(self) -> bool:
        """Whether its rates pass that of the group by far, and none came after it."""
        made, rest = self.group.made_with, self.rest
        inside = self.low * self.factor < made < self.high / BEYOND
        return inside and rest.size >= LEAST and bool((rest == rest[0]).all())

    @property
    def base_after(self) -> float | None:
        """The base rate of the scheduler made after it; None if none was made."""
        for each in reversed(self.made_after):
            bases = each.attributes.get("base_lrs")
            if isinstance(bases, list) and bases and isinstance(bases[0], float):
                return bases[0]
        return None


def ramp_of(group: Group) -> Ramp | None:
    """Return the range test that a group begins with; None if there is none."""
    lr = group.applied[:100_000]
    if lr.size < LEAST or group.begins or not (lr[:LEAST] > 0).all():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = lr[1:] / lr[:-1]
    factor = float(np.median(factors[: LEAST - 1]))
    if not 1.001 < factor < 100:
        return None
    off = np.flatnonzero(~(np.abs(factors - factor) <= 1e-4 * factor))
    length = int(off[0]) + 1 if off.size else int(lr.size)
    if length < LEAST or lr[length - 1] < SPAN * lr[0]:
        return None
    return Ramp(group, length, factor)
