"""Limits: which numbers an optimizer can use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.schedules.schedule import Schedule

FAR = 1 << 20
"""Steps that are looked at before a run; later ones are looked at as they come."""

NEAR = 128
"""The same for a plan without an end."""


@dataclass(frozen=True)
class Limits:
    """What a number may be: ``low <= number < below``, and finite."""

    low: float = -math.inf
    below: float = math.inf

    @classmethod
    def of(cls, key: str) -> Limits:
        """Return the limits of a key of a group, as the optimizers of torch have them.

        >>> from lrscope.driver.limits import Limits
        >>> print(Limits.of("betas"))
        needs to be >= 0 and < 1
        """
        return _LIMITS.get(key, _ANY)

    def hold(self, values: Any) -> NDArray[np.bool_]:
        """Tell for each value whether it is within."""
        found = np.isfinite(values) & (values >= self.low) & (values < self.below)
        return np.asarray(found)

    def check(self, what: str, schedule: Schedule, scale: float) -> None:
        """Refuse a schedule that leaves the limits, before a run is begun with it.

        Args:
            what: What follows it, for the message.
            schedule: Looked at for `FAR` steps, of an endless one for `NEAR`.
            scale: What its values are multiplied by.

        Raises:
            ScheduleError: Names the extreme and the step that has it.
        """
        for extreme, step in _extremes(schedule):
            if not self.hold(extreme * scale):
                msg = (
                    f"{what} {self}, {schedule!r} takes it to {extreme * scale:.6g} "
                    f"at step {step}; change the plan, for instance by .clip(…)"
                )
                raise ScheduleError(msg)

    def __str__(self) -> str:
        """Say what a number needs to be."""
        bounds = (
            "" if self.low == -math.inf else f">= {self.low:g}",
            "finite" if self.below == math.inf else f"< {self.below:g}",
        )
        return "needs to be " + " and ".join(filter(None, bounds))


@lru_cache(maxsize=256)
def _extremes(schedule: Schedule) -> tuple[tuple[float, int], ...]:
    """Return the lowest and the highest value and the first steps that have them."""
    settles = schedule.settles
    stop = NEAR if settles is None else min(settles + 1, FAR)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = schedule.lowest(stop=stop), schedule.highest(stop=stop)
        if math.isfinite(low) and math.isfinite(high):
            first, last = (
                schedule.first_step(at_most=low, stop=stop),
                schedule.first_step(at_least=high, stop=stop),
            )
            return (low, first or 0), (high, last or 0)
        values = schedule(np.arange(stop))
    step = int(np.isfinite(values).argmin())
    return ((float(values[step]), step),)


_ANY = Limits()
_LIMITS = {
    "betas": Limits(low=0.0, below=1.0),
    "lr": Limits(low=0.0),
    "momentum": Limits(low=0.0),
    "weight_decay": Limits(low=0.0),
}
