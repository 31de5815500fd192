"""torch's OneCycleLR, the step too many included."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import choice, derived, length, numbers
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.pieces import Pieces
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
    _pieces: Any = derived()
    turns = True

    def _prepare(self) -> None:
        if len(self.values) != len(self.ends) + 1:
            msg = (
                f"phases needs {len(self.ends) + 1} values for {len(self.ends)} ends, "
                f"got {len(self.values)}"
            )
            raise ScheduleError(msg)
        starts = (0.0, *self.ends)
        whole = list(zip(starts, self.ends, self.values, self.values[1:]))
        *before, (start, end, a, b) = whole
        gone = (0.0, *accumulate(self.ends, max))
        pieces = [each for each, over in zip(before, gone) if each[1] > over]
        pieces.append((start, end, a, b) if start != end else (end - 1.0, end, b, b))
        object.__setattr__(self, "_pieces", Pieces(pieces))

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return None

    def _formula(self, t: Any) -> Any:
        if self.anneal == "linear":
            return self._pieces.line(t)
        return self._pieces.wave(t)
