"""Planned values: what comes next for the numbers that follow one schedule."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from lrscope.driver.limits import Limits
from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import LAST_STEP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.driver.driven_number import DrivenNumber
    from lrscope.schedules.schedule import Schedule

BLOCK = 128
"""Steps computed at a time: a schedule gives the same numbers alone or in an array."""


class PlannedValues:
    """The next values of one schedule, for the numbers that follow it.

    It changes when it computes the values that come.

    Args:
        schedule: What is followed.
        since: The driver's step at which it began.
        numbers: What follows it.
        are_rates: Whether they are learning rates: the metric-driven factor applies.

    Attributes:
        start: The driver's step that the first value is for.
        values: For the steps from there on, before they are scaled.
    """

    __slots__ = ("are_rates", "numbers", "schedule", "since", "size", "start", "values")

    def __init__(
        self,
        schedule: Schedule,
        since: int,
        numbers: list[DrivenNumber],
        *,
        are_rates: bool,
    ) -> None:
        self.schedule = schedule
        self.since = since
        self.are_rates = are_rates
        self.numbers = numbers
        self.start = self.size = 0
        self.values: list[float] = []

    def at(self, step: int) -> float:
        """Return the value for a step of the driver."""
        if not 0 <= step - self.start < self.size:
            self.load(step)
        return self.values[step - self.start]

    def load(self, step: int) -> None:
        """Compute the values from a step of the driver on.

        Raises:
            ScheduleError: If no optimizer can use what is planned for that step.
        """
        first = max(step - self.since, 0)
        steps = np.arange(first, min(first + BLOCK, LAST_STEP + 1))
        with np.errstate(over="ignore", invalid="ignore"):  # refused below, in words
            values = self._computed(steps)
            for key, scale in self._extreme_scales():
                limits = Limits.of(key)
                possible = limits.hold(values * scale)
                if not possible[0]:
                    msg = (
                        f"{key} {limits}, {self.schedule!r} gives {values[0] * scale} "
                        f"for step {step}; change the plan, for instance by .clip(…)"
                    )
                    raise ScheduleError(msg)
                if not possible.all():
                    values = values[: int(possible.argmin())]
        self.values = values.tolist()
        self.start, self.size = step, len(self.values)

    def _computed(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of steps; of the first alone if a later one has none."""
        with suppress(ScheduleError):
            return self.schedule(steps)
        return self.schedule(steps[:1])

    def _extreme_scales(self) -> set[tuple[str, float]]:
        """Return keys with the scales that reach farthest: limits are intervals."""
        found: dict[str, list[float]] = {}
        for each in self.numbers:
            found.setdefault(each.key, []).append(each.scale)
        return {
            (key, scale)
            for key, scales in found.items()
            for scale in (min(scales), max(scales))
        }


def planned_for(numbers: list[DrivenNumber]) -> list[PlannedValues]:
    """Return what is planned for numbers, put together by what they follow."""
    found: dict[tuple[Schedule, int, bool], list[DrivenNumber]] = {}
    for each in numbers:
        at = (each.schedule, each.since, each.key == "lr")
        found.setdefault(at, []).append(each)
    return [
        PlannedValues(schedule, since, each, are_rates=are_rates)
        for (schedule, since, are_rates), each in found.items()
    ]
