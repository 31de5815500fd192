"""Rates that drop at some steps and stay between them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, lengths, number, numbers
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.schedules.evaluated import Time


@value
class step_decay(Shape):
    """A drop every so many steps.

    f(t) = gamma^⌊t/every⌋

    The same as torch's StepLR.

    Args:
        every: Steps between two drops.
        gamma: Factor of each drop, above 0.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.step_decay(30, gamma=0.5)([0, 29, 30, 60]).tolist()
    [1.0, 1.0, 0.5, 0.25]
    """

    every: Steps = length()
    gamma: float = number(default=0.1, above=0.0)
    steps: Steps = length(default=None, optional=True)

    def _formula(self, t: Any) -> Any:
        return numeric.power(self.gamma, numeric.floor(t / self.every))


@value
class multistep(Shape):
    """A drop at each milestone.

    f(t) = gamma^(number of milestones <= t)

    The same as torch's MultiStepLR.

    Args:
        milestones: Steps from which each drop counts, rising, above 0.
        gamma: Factor of each drop, above 0.
        steps: Length; without end if None.

    >>> import lrscope
    >>> lrscope.multistep([30, 80], gamma=0.5)([0, 29, 30, 80, 900]).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    milestones: Sequence[Steps] = lengths()
    gamma: float = number(default=0.1, above=0.0)
    steps: Steps = length(default=None, optional=True)

    @property
    def settles(self) -> int:
        """The last milestone."""
        return _last(self, self.milestones, self.steps)

    def _formula(self, t: Any) -> Any:
        return numeric.power(self.gamma, _passed(self.milestones, t))


@value
class piecewise_constant(Shape):
    """Constant values that change at each milestone.

    f(t) = values[number of milestones <= t]

    Args:
        milestones: Steps from which the next value counts, rising, above 0.
        values: One value more than milestones.
        steps: Length; without end if None.

    Raises:
        ScheduleError: If the numbers of milestones and values do not fit.

    >>> import lrscope
    >>> drops = lrscope.schedules.piecewise_constant([10, 20], [1.0, 0.5, 0.2])
    >>> drops([0, 9, 10, 20]).tolist()
    [1.0, 1.0, 0.5, 0.2]
    """

    milestones: Sequence[Steps] = lengths()
    values: Sequence[float] = numbers()
    steps: Steps = length(default=None, optional=True)

    def _prepare(self) -> None:
        need, got = len(self.milestones) + 1, len(self.values)
        if need != got:
            msg = (
                f"piecewise_constant needs {need} values for {need - 1} milestones "
                f"(the first one is for the steps before them), got {got}"
            )
            raise ScheduleError(msg)

    @property
    def settles(self) -> int:
        """The last milestone."""
        return _last(self, self.milestones, self.steps)

    @property
    def _edges(self) -> tuple[Time, ...]:
        return tuple(self.milestones)

    def _formula(self, t: Any) -> Any:
        passed = _passed(self.milestones, t)
        if isinstance(t, np.ndarray):
            return np.array(self.values)[passed.astype(np.intp)]
        return self.values[int(passed)]


def _passed(milestones: Sequence[Steps], t: Any) -> Any:
    """Return how many milestones a time has reached."""
    if isinstance(t, np.ndarray):
        found = np.searchsorted(np.array(milestones, dtype=float), t, side="right")
        return found.astype(float)
    return float(bisect_right(milestones, t))


def _last(schedule: Shape, milestones: Sequence[Steps], steps: int | None) -> int:
    schedule._refuse_units()
    return int(milestones[-1] if steps is None else min(milestones[-1], steps))
