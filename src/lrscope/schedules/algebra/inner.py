"""A schedule made of one other schedule."""

from __future__ import annotations

from lrscope.schedules.schedule import Schedule


class Around(Schedule):
    """What holds of the schedule inside holds here, unless said otherwise."""

    __slots__ = ()
    inner: Schedule

    @property
    def length(self) -> int | None:
        """Steps of the schedule inside."""
        return self.inner.length

    @property
    def settles(self) -> int | None:
        """The step from which the schedule inside no longer changes."""
        return self.inner.settles

    @property
    def is_rate(self) -> bool:
        """Whether the values are learning rates."""
        return self.inner.is_rate

    def _monotone(self, stop: int) -> list[tuple[int, int]] | None:
        return self.inner._monotone(stop)

    @property
    def _reach(self) -> int | None:
        return self.inner._reach
