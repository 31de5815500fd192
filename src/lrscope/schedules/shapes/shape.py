"""A shape: a schedule with a formula."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.schedule import Schedule

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time


class Shape(Schedule):
    """A formula over its steps, and its last value afterwards.

    A subclass declares its arguments and gives ``_formula``. It is monotone unless
    it says where it turns (``_edges``) or just that it does (``turns = True``).
    """

    __slots__ = ("_end",)
    _end: float | None
    """Its length; infinite without one; None while it is not in steps."""
    turns: ClassVar[bool] = False
    """Whether the value may go up and down within the length."""

    def __post_init__(self) -> None:
        """Check every argument; remember where the formula ends."""
        super().__post_init__()
        end = None
        if self._first_unit() is None:
            end = math.inf if self.length is None else float(self.length)
        object.__setattr__(self, "_end", end)
        if end is not None and end < math.inf and not self.turns:
            self._refuse_infinite(end)

    def _refuse_infinite(self, end: float) -> None:
        last = self._formula(end)
        if not math.isfinite(last):
            msg = f"{self!r} needs finite values, it gets to {last} by step {end:.0f}"
            raise ScheduleError(msg)

    @property
    def length(self) -> int | None:
        """Steps from the first to the last value; None for a shape without end."""
        steps = getattr(self, "steps", None)
        if isinstance(steps, str):
            self._refuse_units()
        return steps

    @abstractmethod
    def _formula(self, t: Any) -> Any:
        """Return the value at times from 0 to the length, both included."""

    def _at(self, t: Any) -> Any:
        end: Any = self._end
        if isinstance(t, np.ndarray):
            return self._formula(np.minimum(t, end))
        return self._formula(t if t < end else end)  # noqa: FURB136 - min() is slower

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return None if self.turns else ()
