"""A rate that does not move."""

from __future__ import annotations

from typing import Any

from lrscope.schedules import numeric
from lrscope.schedules.arguments import Steps, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class constant(Shape):
    """The same value at every step.

    f(t) = value

    Args:
        value: The value.
        steps: Length, for use before ``>>``; without end if None.

    >>> import lrscope
    >>> lrscope.constant(0.1)(10**9)
    0.1
    """

    value: float = number(default=1.0)
    steps: Steps = length(default=None, optional=True)

    @property
    def settles(self) -> int:
        """0: it never changes."""
        self._refuse_units()
        return 0

    def _formula(self, t: Any) -> Any:
        return numeric.where(t >= 0.0, self.value, self.value)
