"""Where two schedules part, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import finite, step_index
from lrscope.schedules.evaluated import Evaluated

if TYPE_CHECKING:
    from lrscope.schedules.schedule import Schedule

MANY = 1 << 18


@dataclass(frozen=True)
class Difference:
    """How one schedule differs from another.

    Attributes:
        step: The first step at which they part.
        ours: The value of the schedule that was asked, at that step.
        theirs: The value of the other one, at that step.
        largest: The largest absolute difference at any step looked at.
        largest_step: The step where it is largest.
    """

    step: int
    ours: float
    theirs: float
    largest: float
    largest_step: int

    def __str__(self) -> str:
        """Say it in one sentence."""
        both = ((f"{self.ours:.{n}g}", f"{self.theirs:.{n}g}") for n in range(6, 18))
        ours, theirs = next((one, two) for one, two in both if one != two)
        return (
            f"they part at step {self.step}: {ours} and {theirs}; "
            f"most at step {self.largest_step}, by {self.largest:.3g}"
        )


def difference(
    ours: Schedule, theirs: Schedule, horizon: int | None, tolerance: float
) -> Difference | None:
    """Compare steps 0 … horizon - 1; None if no step differs by more.

    Args:
        ours: One schedule.
        theirs: The other one.
        horizon: Steps to compare; if None, until both have settled.
        tolerance: What is still equal, relative to the larger of the two.

    Raises:
        ScheduleError: If one is a factor and the other a rate, or if there is no
            horizon and one never settles.
    """
    if not isinstance(theirs, Evaluated):
        msg = (  # type: ignore[unreachable]
            f"a schedule is compared with a schedule, got {theirs!r}; "
            "for a number: constant()"
        )
        raise ScheduleError(msg)
    ours._refuse_units()
    theirs._refuse_units()
    if ours.is_rate != theirs.is_rate:
        msg = (
            f"{ours!r} and {theirs!r}: one is a factor and one a rate; use .absolute()"
        )
        raise ScheduleError(msg)
    stop = _horizon(ours, theirs, horizon)
    tolerance = finite("diff needs tolerance", tolerance)
    if tolerance < 0:
        msg = f"diff needs tolerance >= 0, got {tolerance!r}"
        raise ScheduleError(msg)
    if ours == theirs:
        return None
    first = None
    largest, largest_step = -1.0, 0
    for start in range(0, stop, MANY):
        steps = np.arange(start, min(start + MANY, stop))
        one, other = ours(steps), theirs(steps)
        apart = np.abs(one - other)
        parted = apart > tolerance * np.maximum(np.abs(one), np.abs(other))
        if first is None and parted.any():
            at = int(parted.argmax())
            first = (start + at, float(one[at]), float(other[at]))
        if apart.max() > largest:
            largest_step = start + int(apart.argmax())
            largest = float(apart.max())
    return None if first is None else Difference(*first, largest, largest_step)


def _horizon(ours: Schedule, theirs: Schedule, horizon: int | None) -> int:
    if horizon is not None:
        return step_index("diff needs horizon", horizon, 1)
    ends = [each.settles for each in (ours, theirs)]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        endless = ours if ours.settles is None else theirs
        msg = f"{endless!r} never settles; say how far to compare: horizon=…"
        raise ScheduleError(msg)
    return max(known) + 1
