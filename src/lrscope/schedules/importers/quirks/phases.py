"""torch's OneCycleLR, the step too many included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.arguments import choice, length, numbers
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time


@value
class phases(Shape):
    """From value to value, each phase ending at its own time; the last goes on.

    f(t) = a + (b - a)·w, where a and b are the values at both ends of the phase and
    w = (1 - cos(π·p))/2 or p at the share p of it that has passed

    The first phase begins at 0 and lasts until the first end, and so on. The last
    one is not cut at its end: torch's OneCycleLR takes one step more than it plans,
    and that one turns. ``one_cycle`` does not.

    Args:
        steps: Length.
        ends: Times at which the phases end; they may lie between steps.
        values: One more than there are phases: at 0 and at each end.
        anneal: "cos" or "linear".

    Raises:
        ScheduleError: If the numbers of ends and values do not fit.

    >>> from lrscope.schedules.importers.quirks.phases import phases
    >>> phases(10, [3.0, 9.0], [0.25, 1.0, 0.0])([0, 3, 6, 9]).tolist()
    [0.25, 1.0, 0.5, 0.0]
    """

    steps: int = length()
    ends: tuple[float, ...] = numbers()
    values: tuple[float, ...] = numbers()
    anneal: str = choice(of=("cos", "linear"), default="cos")
    turns = True

    def _prepare(self) -> None:
        if len(self.values) != len(self.ends) + 1:
            msg = (
                f"phases needs {len(self.ends) + 1} values for {len(self.ends)} ends, "
                f"got {len(self.values)}"
            )
            raise ScheduleError(msg)

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return None

    def _formula(self, t: Any) -> Any:
        starts = (0.0, *self.ends)
        found = self._phase(t, len(self.ends) - 1, starts)
        for which in reversed(range(len(self.ends) - 1)):
            if self.ends[which] > starts[which]:
                here = t <= self.ends[which]
                found = numeric.where(here, self._phase(t, which, starts), found)
        return found

    def _phase(self, t: Any, which: int, starts: tuple[float, ...]) -> Any:
        """Return the way from one value to the next, before and after it too."""
        start, end = starts[which], self.ends[which]
        a, b = self.values[which], self.values[which + 1]
        if end == start:
            return numeric.where(t >= 0.0, b, b)
        done, left = (t - start) / (end - start), (end - t) / (end - start)
        if self.anneal == "linear":
            return numeric.blend(a, b, done, left)
        return numeric.blend(a, b, *numeric.half_waves(done, left))
