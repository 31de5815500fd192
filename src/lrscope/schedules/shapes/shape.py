"""A shape: a schedule with a formula."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from lrscope.schedules import numeric
from lrscope.schedules.schedule import Schedule

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time


class Shape(Schedule):
    """A formula over its steps, and its last value afterwards.

    A subclass declares its arguments and gives ``_formula``. It is monotone unless
    it says where it turns (``_edges``) or just that it does (``turns = True``).
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

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return None if self.turns else ()
