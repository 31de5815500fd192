"""The lane: dials that follow one schedule from one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import LAST_STEP

if TYPE_CHECKING:
    from lrscope.driver.dial import Dial
    from lrscope.schedules.schedule import Schedule

BLOCK = 128
"""Steps computed at a time: a schedule gives the same numbers alone or in an array."""


class Lane:
    """Dials that follow one schedule, and its next values.

    It changes when it computes the values that come.

    Attributes:
        start: The driver's step that the first value is for.
        values: For the steps from there on.
        controlled: Whether the metric-driven factor applies.
    """

    __slots__ = ("controlled", "dials", "schedule", "since", "size", "start", "values")

    def __init__(
        self, schedule: Schedule, since: int, dials: list[Dial], *, controlled: bool
    ) -> None:
        self.schedule = schedule
        self.since = since
        self.controlled = controlled
        self.dials = dials
        self.start = self.size = 0
        self.values: list[float] = []

    def load(self, step: int) -> None:
        """Compute the values from a step of the driver on."""
        first = max(step - self.since, 0)
        steps = np.arange(first, min(first + BLOCK, LAST_STEP + 1))
        with np.errstate(over="ignore", invalid="ignore"):  # refused below, in words
            values = self.schedule(steps)
        if (
            self.controlled
            and not (possible := np.isfinite(values) & (values >= 0)).all()
        ):
            sound = int(possible.argmin())
            if not sound:
                msg = (
                    f"a learning rate is needed at step {step}, {self.schedule!r} "
                    f"gives {values[0]}; change the plan, for instance by .clip(low=0)"
                )
                raise ScheduleError(msg)
            values = values[:sound]
        self.values = values.tolist()
        self.start, self.size = step, len(self.values)


def lanes_of(dials: list[Dial]) -> list[Lane]:
    """Return dials put together by what they follow."""
    found: dict[tuple[Schedule, int, bool], list[Dial]] = {}
    for each in dials:
        at = (each.schedule, each.since, each.key == "lr")
        found.setdefault(at, []).append(each)
    return [
        Lane(schedule, since, dials, controlled=controlled)
        for (schedule, since, controlled), dials in found.items()
    ]
