"""Made: a plan of a group, before there are steps and rates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lrscope.errors import ScheduleError

if TYPE_CHECKING:
    from lrscope.schedules import Clock, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One plan, as it was written or made by a factory.

    Attributes:
        spec: The words of the command line that it stands for.
        schedule: Counted in calls of the scheduler's ``step``, if there is one.
        group: Name of its group; "" for every group that no other plan names.
        base: Base rate that its own optimizer has; None if there is none.
        asked: Whether the optimizer was made with the rates of the command line.
        every: What passes between two calls: "1 step" or "1ep".
        times: How many of these do.
        quirks: Names and sentences of what its users rarely expect.
        horizon: Calls of ``step`` after which it has ended; None if it has no end.
        raises_at: The call of ``step`` that raises; None if none does.
    """

    spec: str
    schedule: Schedule
    group: str = ""
    base: float | None = None
    asked: bool = False
    every: str = "1 step"
    times: int = 1
    quirks: tuple[tuple[str, str], ...] = ()
    horizon: int | None = None
    raises_at: int | None = None

    @property
    def takes_rate(self) -> bool:
        """Whether there are factors that want a base rate."""
        return self.base is None and not self.schedule.is_rate

    def on(self, clock: Clock) -> Made:
        """Return the plan counted in updates.

        Raises:
            ScheduleError: If the clock does not know how long an epoch is.
        """
        try:
            updates = self.times * clock.steps(self.every)
        except ScheduleError as error:
            msg = f"{self.spec} is stepped once an epoch, and {error}"
            raise ScheduleError(msg) from error
        if updates == 1:
            return self
        held = self.schedule.stretch(updates).hold(every=updates)
        horizon = self.horizon and self.horizon * updates
        raises_at = self.raises_at and self.raises_at * updates
        return replace(
            self,
            schedule=held,
            horizon=horizon,
            raises_at=raises_at,
            every="1 step",
            times=1,
        )

    def planned(self, clock: Clock) -> Schedule:
        """Return the schedule in steps, and in rates if there is a base rate."""
        plan = self.schedule.on(clock)
        rates = plan.is_rate or self.base is None
        return plan if rates else plan.absolute(self.base or 0.0)
