"""The schedule: a value that is a number at every step, and what can be made of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NoReturn

from lrscope.errors import ScheduleError
from lrscope.schedules import difference
from lrscope.schedules.clock import Clock
from lrscope.schedules.questions import Asked

if TYPE_CHECKING:
    from lrscope.schedules.amount import Length


class Schedule(Asked):
    """A number for every optimizer step: a factor of each group's base rate.

    A schedule is a frozen value: it can be compared, hashed, pickled and printed.
    It holds no state and knows no optimizer. ``schedule(step)`` is a float for an
    int and an array for an array of steps. After its end it holds its final value.

    >>> import lrscope
    >>> schedule = lrscope.warmup(500) >> lrscope.cosine(9_500, floor=0.1)
    >>> schedule(500), schedule.final, schedule.length
    (1.0, 0.1, 10000)
    """

    __slots__ = ()

    def __rshift__(self, other: Schedule) -> Schedule:
        """Follow this schedule by another one, which begins at its own step 0."""
        from lrscope.schedules.algebra.then import then

        if not isinstance(other, Schedule):
            msg = (  # type: ignore[unreachable]
                f"after >> comes a schedule, got {other!r}; for a number: constant()"
            )
            raise ScheduleError(msg)
        return then((self, other))

    def __mul__(self, other: Schedule | float) -> Schedule:
        """Multiply by another schedule or by a number, step by step.

        >>> import lrscope
        >>> (lrscope.cosine(100) * lrscope.schedules.noise(0.05)).length
        100
        """
        return _joined("product", self, other)

    def __rmul__(self, other: float) -> Schedule:
        """Multiply by a number."""
        return _joined("product", other, self)

    def __add__(self, other: Schedule | float) -> Schedule:
        """Add another schedule or a number, step by step."""
        return _joined("total", self, other)

    def __radd__(self, other: float) -> Schedule:
        """Add to a number."""
        return _joined("total", other, self)

    def __neg__(self) -> Schedule:
        """Multiply by -1."""
        return _joined("product", -1.0, self)

    def __sub__(self, other: Schedule | float) -> Schedule:
        """Subtract another schedule or a number, step by step."""
        return _joined("difference", self, other)

    def __rsub__(self, other: float) -> Schedule:
        """Subtract from a number."""
        return _joined("difference", other, self)

    def __truediv__(self, other: float) -> Schedule:
        """Divide by a number, step by step."""
        return _joined("quotient", self, other)

    def __rtruediv__(self, other: Any) -> NoReturn:
        """Refuse: nobody wants a rate that explodes as the schedule falls."""
        msg = f"{other!r} cannot be divided by a schedule; see inverse_time()"
        raise ScheduleError(msg)

    def minimum(self, other: Schedule | float) -> Schedule:
        """Return the schedule that has the smaller of both values at every step."""
        return _joined("minimum", self, other)

    def maximum(self, other: Schedule | float) -> Schedule:
        """Return the schedule that has the larger of both values at every step."""
        return _joined("maximum", self, other)

    def clip(self, low: float | None = None, high: float | None = None) -> Schedule:
        """Return the schedule with no value below ``low`` and none above ``high``."""
        from lrscope.schedules.algebra.changed import clip

        return clip(self, low, high)

    def absolute(self, rate: float = 1.0) -> Schedule:
        """Return the schedule times ``rate``, as learning rates for every group.

        >>> import lrscope
        >>> lrscope.cosine(100).absolute(3e-4)(0)
        0.0003
        """
        from lrscope.schedules.algebra.changed import absolute

        return absolute(self, rate)

    def shift(self, steps: Length) -> Schedule:
        """Return the schedule begun so many steps later, its first value before."""
        from lrscope.schedules.algebra.moved import shifted

        return shifted(self, steps)

    def __getitem__(self, steps: slice) -> Schedule:
        """Return what comes from step ``start`` to ``stop``, past the end too."""
        from lrscope.schedules.algebra.moved import window

        return window.of(self, steps)

    def reverse(self) -> Schedule:
        """Return the schedule run backwards: from its final value to its first.

        Raises:
            ScheduleError: If it is endless.
        """
        from lrscope.schedules.algebra.moved import reverse

        return self.inner if isinstance(self, reverse) else reverse(self)

    def stretch(self, by: float) -> Schedule:
        """Return the same shape over ``by`` times as many steps (rounded)."""
        from lrscope.schedules.algebra.stretched import stretched

        return stretched(self, by)

    def extend(self, *, to: Length) -> Schedule:
        """Return the same shape with a new length: every part grows alike.

        Args:
            to: The new length, in steps or with a unit.

        Raises:
            ScheduleError: If the schedule is endless or ``to`` no length.

        >>> import lrscope
        >>> (lrscope.warmup(10) >> lrscope.cosine(90)).extend(to=200)
        warmup(20) >> cosine(180)
        """
        from lrscope.schedules.algebra.extended import extended

        return extended(self, to)

    def replan(self, *, at: Length, to: Length) -> Schedule:
        """Return a plan that is this one before step ``at`` and ends at step ``to``.

        What is left after ``at`` keeps its shape and takes the steps that remain.

        Args:
            at: The first step that may change, in steps or with a unit.
            to: The new length, in steps or with a unit.

        Raises:
            ScheduleError: If not 0 < at < length and at < to.
        """
        from lrscope.schedules.algebra.extended import replanned

        return replanned(self, at, to)

    def repeat(
        self, times: int | None = None, *, scale: float = 1.0, grow: float = 1.0
    ) -> Schedule:
        """Return the schedule again and again.

        Args:
            times: How often; without end if None.
            scale: Every repetition is this factor of the one before.
            grow: Every repetition takes this many times the steps of the one before.

        Raises:
            ScheduleError: If the schedule is endless.
        """
        from lrscope.schedules.algebra.repeated import repeat

        return repeat(self, times, scale=scale, grow=grow)

    def hold(self, *, every: Length) -> Schedule:
        """Return the staircase that takes a new value only every so many steps."""
        from lrscope.schedules.algebra.changed import hold

        return hold(self, every) if every != 1 else self

    def on(self, clock: Clock) -> Schedule:
        """Return the schedule with every length in steps.

        Raises:
            ScheduleError: If the clock does not know what a unit needs, or leaves a
                length without a step.
        """
        if not isinstance(clock, Clock):
            msg = (  # type: ignore[unreachable]
                f"a schedule is put on a clock, got {clock!r}: "
                "schedule.on(Clock(steps_per_epoch=…))"
            )
            raise ScheduleError(msg)
        return self._on(clock)

    def _on(self, clock: Clock) -> Schedule:
        given = (each for each in dataclasses.fields(self) if each.init)
        kinds = {each.name: each.metadata["kind"] for each in given}
        found = {n: clock.resolved(k, getattr(self, n)) for n, k in kinds.items()}
        return self._made_of(**found)

    @classmethod
    def _made_of(cls, **arguments: Any) -> Schedule:
        """Return what the arguments make now that their lengths are steps."""
        return cls(**arguments)

    def diff(
        self, other: Schedule, *, horizon: int | None = None, tolerance: float = 0.0
    ) -> difference.Difference | None:
        """Return where two schedules part and by how much; None if nowhere.

        Args:
            other: The schedule to compare with.
            horizon: Steps to compare; if None, until both have settled.
            tolerance: Relative difference that still counts as equal.

        Raises:
            ScheduleError: If one is a factor and the other a rate; if there is no
                horizon and one of them never settles.

        >>> import lrscope
        >>> print(lrscope.cosine(100).diff(lrscope.cosine(200)))
        they part at step 1: 0.999753 and 0.999938; most at step 84, by 0.562
        """
        return difference.difference(self, other, horizon, tolerance)

    def equals(
        self, other: Schedule, *, horizon: int | None = None, tolerance: float = 1e-12
    ) -> bool:
        """Tell whether no step differs by more than a relative tolerance."""
        return self.diff(other, horizon=horizon, tolerance=tolerance) is None


def _joined(operation: str, one: Any, other: Any) -> Schedule:
    from lrscope.schedules.algebra.joined import joined

    return joined(operation, one, other)
