"""What every schedule is underneath: checked arguments and a value for each time."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Union, overload

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import LAST_STEP, needs, step_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> Any:
        """Tell type checkers alone that the decorator makes dataclasses."""
        return lambda decorator: decorator


Time = Union[int, float, Fraction]
"""A moment: a step, or a time between two steps."""

BLOCK = 1 << 14
"""Steps computed at a time: what a formula makes on the way stays in the cache."""


class Evaluated(ABC):
    """A frozen value that knows its number at every step."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    accompanies: ClassVar[bool] = False
    """Whether it is made to go along with others and, endless, ends no plan."""

    def __post_init__(self) -> None:
        """Check every argument by its own declaration."""
        name = type(self).__name__
        for each in dataclasses.fields(self):
            if not each.init:
                continue
            value = getattr(self, each.name)
            found = each.metadata["check"](needs(name, each.name), value)
            if found is not value:
                object.__setattr__(self, each.name, found)
        self._prepare()

    def _prepare(self) -> None:  # noqa: B027 - most have nothing to add
        """Check arguments against each other; compute what is needed often."""

    @property
    @abstractmethod
    def length(self) -> int | None:
        """Steps until the schedule has ended; None if it has no end."""

    @property
    def settles(self) -> int | None:
        """The step from which the value no longer changes; None if it always may."""
        return self.length

    @property
    def is_rate(self) -> bool:
        """Whether numbers are learning rates, not factors of a group's base rate."""
        return False

    @abstractmethod
    def _at(self, t: Any) -> Any:
        """Return the value at real times >= 0, past the end too."""

    @property
    def _edges(self) -> tuple[Time, ...] | None:
        """The real times between which no value turns or jumps; None if unknown."""
        return ()

    @property
    def _is_aside(self) -> bool:
        """Whether a combination is as long as if this part were not there."""
        aside = self.accompanies or self.settles == 0
        return aside and self.length is None

    @property
    def _reach(self) -> int | None:
        """The steps among which all extremes are; None if unknown."""
        end = self.length if self.settles is None else self.settles
        return None if end is None else end + 1

    @property
    def _peak_reach(self) -> int | None:
        """The steps among which the highest value is; None if unknown."""
        return self._reach

    @overload
    def __call__(self, step: int) -> float: ...

    @overload
    def __call__(self, step: ArrayLike) -> NDArray[np.float64]: ...

    def __call__(self, step: Any) -> Any:
        """Return the value at a step, or at every step of an array.

        Args:
            step: Index of an optimizer step from 0, or an array of them in any
                order and shape.

        Returns:
            A float for an int; an array of float64 of the same shape for an array.
            The same step gives the same number, bit for bit, alone or in an array.

        Raises:
            ScheduleError: For a step below 0, not whole or above 2⁵³; for a schedule
                that still has lengths in epochs, percents, samples or tokens.
        """
        try:
            if type(step) is int and 0 <= step <= LAST_STEP:
                return float(self._at(float(step)))
            if np.ndim(step) == 0:
                found = step_index("a schedule needs the step", step)
                return float(self._at(float(np.float64(_not_above(found)))))
            return self._on_all(_times(step))
        except (TypeError, ValueError):
            self._refuse_units()
            raise

    def _on_all(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        flat = times.reshape(-1)
        values = np.empty_like(flat)
        with np.errstate(over="ignore", invalid="ignore"):  # as Python's own floats do
            for start in range(0, flat.size, BLOCK):
                block = slice(start, start + BLOCK)
                values[block] = self._at(flat[block])
        return values.reshape(times.shape)

    def _refuse_units(self) -> None:
        if text := self._first_unit():
            msg = (
                f"{self!r} has a length in other units than steps ({text!r}); "
                "turn them into steps first: schedule.on(Clock(…))"
            )
            raise ScheduleError(msg)

    def _first_unit(self) -> str | None:
        """Return a length that is not in steps yet, if there is one."""
        for kind, found in self._arguments():
            for each in _LENGTHS[kind](found) if kind in _LENGTHS else ():
                if isinstance(each, str):
                    return each
        return None

    def _refuse_nameless(self) -> None:
        for kind, found in self._arguments():
            if kind == "function" and callable(found):
                msg = (
                    f"{self!r} cannot be written: {found!r} has no name under which "
                    "it can be imported; define it with def in a module"
                )
                raise ScheduleError(msg)

    def _arguments(self) -> Iterator[tuple[str, Any]]:
        """Yield kind and value of every argument, those of schedules inside too."""
        for each in dataclasses.fields(self):
            kind, found = each.metadata.get("kind"), getattr(self, each.name)
            if kind in ("schedule", "schedules"):
                for inner in (found,) if kind == "schedule" else found:
                    yield from inner._arguments()
            elif kind:
                yield kind, found

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        """Refuse: a value does not change."""
        msg = f"cannot assign to {name!r} of {self!r}; make another schedule"
        raise dataclasses.FrozenInstanceError(msg)

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse: a value does not change."""
        msg = f"cannot delete {name!r} of {self!r}; make another schedule"
        raise dataclasses.FrozenInstanceError(msg)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments alone: what is derived from them is derived again."""
        given = (each.name for each in dataclasses.fields(self) if each.init)
        return type(self), tuple(getattr(self, name) for name in given)

    def __repr__(self) -> str:
        """Return the schedule as it is written in Python and on the command line."""
        from lrscope.schedules.written.text import shown

        return shown(self)


@dataclass_transform(frozen_default=True)
def value(cls: Any) -> Any:
    """Make a class a frozen, comparable, hashable value; the repr is its own."""
    made = dataclasses.dataclass(frozen=True, slots=True, repr=False)(cls)
    # what dataclasses adds takes the class for the one without slots
    del made.__setattr__, made.__delattr__
    return made


_LENGTHS: dict[str, Callable[[Any], Iterable[Any]]] = {
    "length": lambda found: (found,),
    "lengths": lambda found: found,
    "points": lambda found: (step for step, _ in found),
}
"""Where the lengths are in an argument of each kind that has some."""


def _times(steps: Any) -> NDArray[np.float64]:
    found = np.asarray(steps)
    if found.dtype.kind not in "iuf":
        msg = f"a schedule needs steps as whole numbers, got {found.dtype} values"
        raise ScheduleError(msg)
    if found.size:
        lowest, highest = found.min(), found.max()
        if not (lowest >= 0 and highest <= LAST_STEP):
            bad = lowest if not lowest >= 0 else highest
            msg = f"a schedule needs steps from 0 to 2**53, got {bad}"
            raise ScheduleError(msg)
        if found.dtype.kind == "f" and (found != np.floor(found)).any():
            bad = found[found != np.floor(found)][0]
            msg = f"a schedule needs steps as whole numbers, got {bad}"
            raise ScheduleError(msg)
    return np.ascontiguousarray(found, dtype=np.float64).reshape(found.shape)


def _not_above(step: int) -> int:
    if step > LAST_STEP:
        msg = f"a schedule needs steps from 0 to 2**53, got {step}"
        raise ScheduleError(msg)
    return step
