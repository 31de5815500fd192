"""Questions that a schedule answers by name: peak, end, sum, where it gets to."""

from __future__ import annotations

from math import ceil, fsum
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import LAST_STEP, finite, step_index
from lrscope.schedules.evaluated import Evaluated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_STEPS = 10**9
"""More are not looked at one by one."""

MANY = 1 << 20


class Asked(Evaluated):
    """A value for every step that can be asked about all of them."""

    __slots__ = ()

    @property
    def final(self) -> float | None:
        """What the schedule holds after its end; None if it never settles."""
        return None if self.settles is None else self(self.settles)

    @property
    def peak(self) -> float:
        """The highest value of any step; until its end, if it has one.

        Raises:
            ScheduleError: If the schedule is endless and the highest value cannot be
                told from its form; ask ``highest(stop=…)``.
        """
        self._refuse_units()
        return self.highest(stop=self._peak_reach)

    def highest(self, start: int = 0, stop: int | None = None) -> float:
        """Return the highest value of the steps ``start <= step < stop``.

        Raises:
            ScheduleError: If ``stop`` is None, the schedule never settles, and its
                form does not tell.
        """
        return max(float(each.max()) for each in self._witnesses(start, stop))

    def lowest(self, start: int = 0, stop: int | None = None) -> float:
        """Return the lowest value of the steps ``start <= step < stop``.

        Raises:
            ScheduleError: As for ``highest``.
        """
        return min(float(each.min()) for each in self._witnesses(start, stop))

    def first_step(
        self,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        stop: int | None = None,
    ) -> int | None:
        """Return the first step with a value at or beyond a limit, None if none has.

        Args:
            at_least: Look for a value that is not below this.
            at_most: Look for a value that is not above this; give one of the two.
            stop: Look at steps below this; as far as the schedule goes if None.

        Raises:
            ScheduleError: If not exactly one limit is given, or as for ``highest``.

        >>> import lrscope
        >>> lrscope.warmup(500).first_step(at_least=1.0)
        500
        """
        if (at_least is None) == (at_most is None):
            msg = "first_step needs either at_least=… or at_most=…"
            raise ScheduleError(msg)
        sign = 1.0 if at_most is None else -1.0
        limit = at_least if at_most is None else at_most
        goal = sign * finite("first_step needs the value", limit)
        for first, last in self._ranges(0, stop):
            if not isinstance(last, int):
                hits = np.flatnonzero(sign * last >= goal)
                if hits.size:
                    return first + int(hits[0])
            elif sign * self(first) >= goal:
                return first
            elif sign * self(last) >= goal:
                return self._crossing(first, last, sign, goal)
        return None

    def sum(self, start: int = 0, stop: int | None = None) -> float:
        """Return the sum of the values of the steps ``start <= step < stop``.

        Of a factor it is the training budget in steps at the base rate.

        Args:
            start: The first step that counts.
            stop: The first step that no longer counts; the length if None.

        Raises:
            ScheduleError: If ``stop`` is None and the schedule is endless.
        """
        start = step_index("sum needs start", start)
        stop = self.length if stop is None else step_index("sum needs stop", stop)
        if stop is None:
            msg = f"{self!r} is endless; say where the sum stops: sum(stop=…)"
            raise ScheduleError(msg)
        if stop < start:
            msg = f"sum needs start <= stop, got {start} and {stop}"
            raise ScheduleError(msg)
        self._refuse_units()
        return fsum(self._sums(start, stop))

    def _sums(self, start: int, stop: int) -> Iterator[float]:
        """Yield what the sum of the steps from start to stop is made of."""
        settles = self.settles
        end = stop if settles is None else min(max(settles, start), stop)
        if end < stop:
            yield (stop - end) * self(end)
        closed = self._closed_sum(start, end) if end - start > MANY else None
        if closed is None:
            yield from (fsum(each) for _, each in self._scan(start, end))
        else:
            yield closed

    def _closed_sum(self, start: int, stop: int) -> float | None:  # noqa: ARG002
        """Return the sum of many steps until it settles, if a formula tells it."""
        return None

    def _crossing(self, first: int, last: int, sign: float, goal: float) -> int:
        """Return where a range without a turn gets to a value it does not start at."""
        while last - first > 1:
            middle = (first + last) // 2
            if sign * self(middle) >= goal:
                last = middle
            else:
                first = middle
        return last

    def _witnesses(self, start: int, stop: int | None) -> Iterator[NDArray[np.float64]]:
        """Yield values among which the highest and the lowest one are."""
        start = step_index("the range needs start", start)
        for first, last in self._ranges(start, stop):
            if isinstance(last, int):
                last = self(np.array([first, last]))  # noqa: PLW2901
            yield last

    def _ranges(self, start: int, stop: int | None) -> Iterator[tuple[int, Any]]:
        """Yield (first, last step) without a turn between, or (first, all values)."""
        if stop is not None and step_index("the range needs stop", stop) <= start:
            msg = f"the range needs start < stop, got {start!r} and {stop!r}"
            raise ScheduleError(msg)
        self._refuse_units()
        edges = self._edges
        if edges is not None:
            end = LAST_STEP + 1 if stop is None else stop
            firsts = {ceil(each) for each in edges if start < each <= end - 1}
            marks = [start, *sorted(firsts), end]
            for first, following in zip(marks, marks[1:]):
                yield first, following - 1
            return
        if stop is None:
            reach = self._reach
            stop = None if reach is None else max(reach, start + 1)
        if stop is None:
            msg = f"{self!r} never settles; say how far to look: stop=…"
            raise ScheduleError(msg)
        yield from self._scan(start, stop)

    def _scan(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.float64]]]:
        if stop - start > MOST_STEPS:
            msg = (
                f"looking at {stop - start:,} steps one by one takes too long, "
                f"{MOST_STEPS:,} are the most; give a nearer stop=…, or ask the same "
                "shape over fewer steps: schedule.extend(to=1_000_000)"
            )
            raise ScheduleError(msg)
        for first in range(start, stop, MANY):
            yield first, self(np.arange(first, min(first + MANY, stop)))
