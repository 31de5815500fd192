"""A schedule made of one other schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.schedules.algebra.node import Extent, Node

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


class Around(Node):
    """What holds of the schedule inside holds here, unless said otherwise."""

    __slots__ = ()
    inner: Schedule

    def _measured(self) -> Extent:
        return Extent.of(self.inner)

    @property
    def is_rate(self) -> bool:
        """Whether the values are learning rates."""
        return self.inner.is_rate

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        return self.inner._edges

    @property
    def _reach(self) -> int | None:
        return self._until_end() or self._outside(self.inner._reach)

    @property
    def _peak_reach(self) -> int | None:
        return self._until_end() or self._outside(self.inner._peak_reach)

    def _until_end(self) -> int | None:
        return super()._reach

    def _outside(self, reach: int | None) -> int | None:
        """Return how many steps of this one, endless, show so many of the inner one."""
        return reach
