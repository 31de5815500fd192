"""One schedule after another: ``a >> b``."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.algebra.node import Extent, Node
from lrscope.schedules.algebra.parts import flat, parts
from lrscope.schedules.arguments import derived
from lrscope.schedules.clock import rounded
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.schedules.clock import Clock
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


@value
class then(Node):
    """Every part in turn, each from its own step 0; the last one's end is the end.

    At the step where a part ends the next one is at its step 0, so the value that
    a part would hold after its end is never used, save the last one's. Written
    ``a >> b``.

    Raises:
        ScheduleError: If a part before the last one is endless, or if some parts are
            factors and others rates.
    """

    parts: tuple[Schedule, ...] = parts()
    _starts: tuple[float, ...] = derived()

    def _prepare(self) -> None:
        object.__setattr__(self, "parts", flat(then, self.parts))
        if len({each.is_rate for each in self.parts}) > 1:
            msg = (
                f"{self!r}: some parts are factors, some rates; use .absolute() on all"
            )
            raise ScheduleError(msg)
        for each in self.parts[:-1]:
            if each._first_unit() is None and each.length is None:
                msg = (
                    f"{each!r} is endless: nothing can come after it; "
                    "end it by a slice: schedule[:steps]"
                )
                raise ScheduleError(msg)

    def _measured(self) -> Extent:
        lengths = (float(each.length or 0) for each in self.parts[:-1])
        object.__setattr__(self, "_starts", tuple(accumulate(lengths, initial=0.0)))
        last = dataclasses.replace(Extent.of(self.parts[-1]), aside=False)
        return last.moved(lambda n: int(self._starts[-1]) + n)

    @property
    def is_rate(self) -> bool:
        """Whether the parts are learning rates."""
        return self.parts[0].is_rate

    def _after(self, steps: int | None) -> int | None:
        return None if steps is None else int(self._starts[-1]) + steps

    def _at(self, t: Any) -> Any:
        starts = self._starts
        if isinstance(t, np.ndarray):
            return self._on_array(t)
        which = bisect_right(starts, t) - 1
        return self.parts[which]._at(t - starts[which])

    def _on_array(self, t: Any) -> Any:
        if t.size and not (t[1:] >= t[:-1]).all():
            order = t.argsort(kind="stable")
            values = np.empty_like(t)
            values[order] = self._on_array(t[order])
            return values
        edges = np.append(np.searchsorted(t, self._starts), t.size)
        values = np.empty_like(t)
        for which in np.flatnonzero(edges[1:] > edges[:-1]):
            here = slice(edges[which], edges[which + 1])
            values[here] = self.parts[which]._at(t[here] - self._starts[which])
        return values

    def _sums(self, start: int, stop: int) -> Iterator[float]:
        begins = [int(each) for each in self._starts]
        ends = [*begins[1:], max(stop, begins[-1])]
        for each, begin, end in zip(self.parts, begins, ends):
            first, last = max(start, begin), min(stop, end)
            if first < last:
                yield from each._sums(first - begin, last - begin)

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        edges: list[Time] = []
        for each, start in zip(self.parts, self._starts):
            inside = each._edges
            if inside is None:
                return None
            edges += [int(start), *(int(start) + edge for edge in inside)]
        return tuple(edges)

    @property
    def _reach(self) -> int | None:
        return self._after(self.parts[-1]._reach)

    @property
    def _peak_reach(self) -> int | None:
        return self._after(self.parts[-1]._peak_reach)

    def _on(self, clock: Clock) -> Schedule:
        """Return the schedule in steps: where parts meet is rounded, not each length.

        So "10%" and "90%" of 1,005 steps are 1,005 steps.
        """
        exact, done = Fraction(0), 0
        found = []
        for each in self.parts:
            text = getattr(each, "steps", None)
            if isinstance(text, str):
                exact += clock.exactly(text)
                each = dataclasses.replace(  # noqa: PLW2901
                    each, steps=max(rounded(exact) - done, 1)
                )
            each = each.on(clock)  # noqa: PLW2901
            if not isinstance(text, str):
                exact += each.length or 0
            done += each.length or 0
            found.append(each)
        return then(tuple(found))
