"""A schedule with the same values at other steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.algebra.inner import Around
from lrscope.schedules.algebra.node import Extent
from lrscope.schedules.algebra.parts import part
from lrscope.schedules.arguments import Steps, length, whole_or_amount
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.amount import Length
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


@value
class shift(Around):
    """A schedule begun ``by`` steps later, with its first value until then."""

    inner: Schedule = part()
    by: Steps = length()

    def _measured(self) -> Extent:
        """Go on for the delay, save where nothing changes at all."""
        return Extent.of(self.inner).moved(lambda n: n + self.by if n else 0)

    def _at(self, t: Any) -> Any:
        return self.inner._at(numeric.greatest(t - self.by, 0.0))

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        edges = self.inner._edges
        return None if edges is None else (self.by, *(each + self.by for each in edges))

    def _outside(self, reach: int | None) -> int | None:
        return None if reach is None else reach + self.by


def shifted(schedule: Schedule, steps: Length) -> Schedule:
    """Return the schedule begun so many steps later."""
    by = whole_or_amount("shift needs steps", steps, 0)
    return shift(schedule, by) if by else schedule


@value
class window(Around):
    """What a schedule does from step ``start`` to step ``stop``. Written ``s[a:b]``.

    After its end it holds the value of step ``stop``.

    Raises:
        ScheduleError: If stop <= start.
    """

    inner: Schedule = part()
    start: Steps = length(default=0, least=0)
    stop: Steps = length(default=None, optional=True)

    def _prepare(self) -> None:
        _refuse_empty(self.start, self.stop)

    @classmethod
    def of(cls, inner: Schedule, steps: Any) -> Schedule:
        """Read a slice; beyond the end it holds what the schedule holds there."""
        if not isinstance(steps, slice) or steps.step is not None:
            msg = f"a schedule needs a slice as in schedule[100:200], got {steps!r}"
            raise ScheduleError(msg)
        start, stop = steps.start, steps.stop
        start = 0 if start is None else whole_or_amount("a slice needs start", start, 0)
        stop = stop and whole_or_amount("a slice needs stop", stop, 0)
        _refuse_empty(start, stop)
        if inner._first_unit() or isinstance(start, str) or isinstance(stop, str):
            return cls(inner, start, stop)
        end = inner.length
        if end is not None and start >= end:
            msg = f"a slice needs start below the length {end}, got {start}"
            raise ScheduleError(msg)
        if isinstance(inner, cls):
            return inner._sliced(start, stop)
        if stop == end and inner.settles is not None:
            stop = None
        return inner if not start and stop is None else cls(inner, start, stop)

    @classmethod
    def _made_of(cls, **arguments: Any) -> Schedule:
        return cls.of(arguments["inner"], slice(arguments["start"], arguments["stop"]))

    def _sliced(self, start: int, stop: int | None) -> Schedule:
        """Return a slice of this window: one of the schedule inside, held if longer."""
        ends = [each for each in (self.stop, stop and self.start + stop) if each]
        first, last = self.start + start, min(ends, default=None)
        end = self.inner.length
        if end is not None and first >= end:
            return type(self)(self, start, stop)
        found = type(self).of(self.inner, slice(first, last))
        if stop is None or last == self.start + stop:
            return found
        return type(self)(found, 0, stop - start)

    def _measured(self) -> Extent:
        inner, stop = Extent.of(self.inner), self.stop
        if stop is not None:
            settles = stop if inner.settles is None else min(inner.settles, stop)
            inner = Extent(stop, settles)
        return inner.moved(lambda n: max(n - self.start, 0))

    def _at(self, t: Any) -> Any:
        t = t + self.start
        if self.stop is not None:
            t = numeric.least(t, float(self.stop))
        return self.inner._at(t)

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        edges = self.inner._edges
        return edges and tuple(each - self.start for each in edges)

    @property
    def _peak_reach(self) -> int | None:
        if end := self._until_end():
            return end
        reach = self.inner._peak_reach
        lost = self.start and reach == 1  # what begins highest has lost its beginning
        return self._reach if lost else reach


def _refuse_empty(start: Steps, stop: Steps) -> None:
    if isinstance(start, int) and isinstance(stop, int) and stop <= start:
        msg = f"a slice needs start < stop, got {start}:{stop}"
        raise ScheduleError(msg)


@value
class reverse(Around):
    """A schedule run backwards: ``reverse(s)(t) = s(length - t)``.

    Raises:
        ScheduleError: If the schedule is endless.
    """

    inner: Schedule = part()

    def _measured(self) -> Extent:
        """Settle at the end: the first value of the schedule inside comes last."""
        steps = self.inner.length
        if steps is None:
            msg = f"{self.inner!r} is endless and has no end to begin with; slice it"
            raise ScheduleError(msg)
        return Extent(steps, steps)

    def _at(self, t: Any) -> Any:
        return self.inner._at(numeric.greatest(float(self.length or 0) - t, 0.0))

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return None
