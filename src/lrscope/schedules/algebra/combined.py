"""Several schedules at once: their product, sum, smallest or largest value."""

from __future__ import annotations

from abc import abstractmethod
from functools import reduce
from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules import numeric
from lrscope.schedules.algebra.node import Extent, Node
from lrscope.schedules.algebra.parts import flat, parts
from lrscope.schedules.evaluated import value

if TYPE_CHECKING:
    from lrscope.schedules.evaluated import Time
    from lrscope.schedules.schedule import Schedule


class Combined(Node):
    """The values of all parts at a step, made one."""

    __slots__ = ()
    parts: tuple[Schedule, ...]

    @staticmethod
    @abstractmethod
    def _combine(first: Any, second: Any) -> Any:
        """Make one of two values."""

    def _prepare(self) -> None:
        object.__setattr__(self, "parts", flat(type(self), self.parts))
        self._check()

    def _check(self) -> None:
        """Refuse parts that do not go together."""
        if len({each.is_rate for each in self.parts}) > 1:
            msg = (
                f"{self!r}: some parts are factors, some rates; use .absolute() on all"
            )
            raise ScheduleError(msg)

    def _measured(self) -> Extent:
        """Go on until every part that has a say has ended or settled.

        Without end if one never does, save in a product that has come to 0, or if
        all are endless.
        """
        parts = [Extent.of(each) for each in self.parts]
        settles = _latest([each.settles for each in parts])
        ends = [
            each.settles if each.length is None else each.length
            for each in parts
            if not each.aside
        ]
        length = _latest(ends)
        if settles is None and (settles := self._stopped) is not None:
            length = _latest([each for each in ends if each is not None])
        if all(each.length is None for each in parts):
            length = None
        return Extent(length, settles, aside=all(each.aside for each in parts))

    @property
    def _stopped(self) -> int | None:
        """The step from which the value stays, whatever some parts do."""
        return None

    @property
    def is_rate(self) -> bool:
        """Whether the values are learning rates."""
        return any(each.is_rate for each in self.parts)

    def _at(self, t: Any) -> Any:
        return reduce(self._combine, [each._at(t) for each in self.parts])

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        moving = self._moving
        return moving[0]._edges if len(moving) == 1 else (None if moving else ())

    @property
    def _reach(self) -> int | None:
        moving = self._moving
        return super()._reach or (moving[0]._reach if len(moving) == 1 else None)

    @property
    def _moving(self) -> list[Schedule]:
        return [each for each in self.parts if each.settles != 0]


def _latest(ends: list[int | None]) -> int | None:
    """Return the last of some steps; None if one is not known or there are none."""
    known = [each for each in ends if each is not None]
    return max(known, default=None) if len(known) == len(ends) else None


@value
class product(Combined):
    """The product of all parts at every step. Written ``a * b``.

    Raises:
        ScheduleError: If more than one part is a rate.
    """

    parts: tuple[Schedule, ...] = parts()

    def _check(self) -> None:
        if sum(each.is_rate for each in self.parts) > 1:
            msg = f"{self!r}: a rate times a rate is no rate; make one of them a factor"
            raise ScheduleError(msg)

    @property
    def _stopped(self) -> int | None:
        """The step from which one part stays at 0."""
        ends = [each.settles for each in self.parts if _ends_at_zero(each)]
        return min((each for each in ends if each is not None), default=None)

    @staticmethod
    def _combine(first: Any, second: Any) -> Any:
        return first * second


@value
class total(Combined):
    """The sum of all parts at every step. Written ``a + b``."""

    parts: tuple[Schedule, ...] = parts()

    @staticmethod
    def _combine(first: Any, second: Any) -> Any:
        return first + second


@value
class minimum(Combined):
    """The smallest value of all parts at every step. Written ``minimum(a, b)``."""

    parts: tuple[Schedule, ...] = parts()

    @staticmethod
    def _combine(first: Any, second: Any) -> Any:
        return numeric.least(first, second)


@value
class maximum(Combined):
    """The largest value of all parts at every step. Written ``maximum(a, b)``."""

    parts: tuple[Schedule, ...] = parts()

    @staticmethod
    def _combine(first: Any, second: Any) -> Any:
        return numeric.greatest(first, second)


def _ends_at_zero(schedule: Schedule) -> bool:
    """Tell whether a schedule holds 0 at last; no function is called to find out."""
    if any(kind == "function" for kind, _ in schedule._arguments()):
        return False
    return schedule.settles is not None and schedule._at(float(schedule.settles)) == 0
