"""What an import gives: the schedules that a scheduler follows, or a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from lrscope.schedules.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """Something a scheduler does that its users rarely expect.

    Attributes:
        name: such as "climbs-after-T_max"; never changes once published.
        says: one sentence with this scheduler's own numbers.
    """

    name: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The plan of a scheduler of another library, quirks included.

    Attributes:
        schedules: one for each parameter group: a factor of the group's base rate,
            or a rate (``is_rate``) where the scheduler works with rates.
        bases: the base rate of each group that factors are factors of.
        horizon: step calls after which the plan has ended; None if it has no end.
        horizon_name: what the scheduler calls it, such as "T_max"; "" without one.
        quirks: what may surprise, in the order in which it happens.
        beside: schedules of other numbers of the groups, by key: "momentum" or
            "betas[0]"; their values are the numbers themselves.
    """

    unit: ClassVar[str] = "step"
    """What a step of the schedules is: one call of the scheduler's own ``step``."""

    schedules: tuple[Schedule, ...]
    bases: tuple[float, ...]
    horizon: int | None = None
    horizon_name: str = ""
    quirks: tuple[Quirk, ...] = ()
    beside: tuple[tuple[str, tuple[Schedule, ...]], ...] = ()

    @property
    def raises_at(self) -> int | None:
        """The step call that OneCycleLR at the end refuses; None without one."""
        names = {each.name for each in self.quirks}
        if "raises-past-its-end" not in names or self.horizon is None:
            return None
        is_last = self.horizon_name.endswith("total_steps - 1")
        return self.horizon + 2 if is_last else None

    def rates(self, steps: ArrayLike) -> NDArray[np.float64]:
        """Return the learning rates at some steps, one row for each group.

        Args:
            steps: Calls of the scheduler's ``step`` so far, 0 at its construction.
        """
        found = [
            np.asarray(each(np.asarray(steps))) * (1.0 if each.is_rate else base)
            for each, base in zip(self.schedules, self.bases)
        ]
        return np.array(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotImported:
    """A scheduler whose plan cannot be known, and why.

    Attributes:
        reason: a sentence without its full stop.
    """

    reason: str
