"""A schedule made of other schedules, and how far it goes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.schedules.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a schedule goes.

    Attributes:
        length: Steps until its end; None if it is endless.
        settles: The step from which it no longer changes; None if it always may.
        aside: Whether it has no say in the length of a combination.
    """

    length: int | None
    settles: int | None
    aside: bool = False

    @classmethod
    def of(cls, schedule: Schedule) -> Extent:
        """Return how far a schedule goes."""
        return cls(schedule.length, schedule.settles, schedule._is_aside)

    def moved(self, to: Callable[[int], int]) -> Extent:
        """Return the extent with every step moved to another one."""
        length, settles = self.length, self.settles
        return Extent(
            None if length is None else to(length),
            None if settles is None else to(settles),
            self.aside,
        )


class Node(Schedule):
    """Measured once, when it is made: a deep plan is asked as fast as a flat one.

    A subclass gives ``_measured``, which may rely on every length being in steps.
    """

    __slots__ = ("_extent",)
    _extent: Extent | None

    def __post_init__(self) -> None:
        """Check every argument; measure, if a clock need not be waited for."""
        super().__post_init__()
        extent = None if self._first_unit() else self._measured()
        object.__setattr__(self, "_extent", extent)

    @abstractmethod
    def _measured(self) -> Extent:
        """Return how far it goes, or refuse parts that do not go together."""

    @property
    def _known(self) -> Extent:
        if self._extent is None:
            self._refuse_units()
        return self._extent  # type: ignore[return-value]

    @property
    def length(self) -> int | None:
        """Steps until its end; None if it is endless."""
        return self._known.length

    @property
    def settles(self) -> int | None:
        """The step from which the value no longer changes; None if it always may."""
        return self._known.settles

    @property
    def _is_aside(self) -> bool:
        return self._known.aside
