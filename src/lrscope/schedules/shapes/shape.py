"""A shape: a schedule with a formula."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from lrscope.schedules import numeric
from lrscope.schedules.schedule import Schedule


class Shape(Schedule):
    """A formula over its steps, and its last value afterwards.

    A subclass declares its arguments and gives ``_formula``. It is monotone unless
    it says ``turns = True``.
    """

    __slots__ = ()
    turns: ClassVar[bool] = False
    """Whether the value may go up and down within the length."""

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
        steps = self.length
        return self._formula(t if steps is None else numeric.least(t, float(steps)))

    def _monotone(self, stop: int) -> list[tuple[int, int]] | None:
        return None if self.turns else [(0, stop)]
