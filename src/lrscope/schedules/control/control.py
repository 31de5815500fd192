"""Control: factors that answer to a metric. Pure state machines, no torch.

A control is a frozen value and keeps no state of its own: ``control.start()`` is
the first state, ``control(state, metric)`` the next one and the factor that every
schedule is multiplied by from then on. States are frozen values too.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import whole


@dataclass(frozen=True)
class State:
    """What a control remembers between two metrics.

    Attributes:
        factor: What schedules are multiplied by.
        best: The best metric so far; None before the first.
        bad: Metrics since then that were no better.
        good: Metrics in a row that were better, where that matters.
        waiting: Metrics that are still ignored after a change.
        resting: Reductions at the lowest factor, where that matters.
        window: The latest metrics, where they are averaged.
    """

    factor: float = 1.0
    best: float | None = None
    bad: int = 0
    good: int = 0
    waiting: int = 0
    resting: int = 0
    window: tuple[float, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Return the state as plain data that ``json`` can write."""
        return {**dataclasses.asdict(self), "window": list(self.window)}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> State:
        """Return the state that plain data describes.

        Raises:
            ScheduleError: If it is not what ``to_plain`` returned.
        """
        try:
            return cls(**{**data, "window": tuple(data["window"])})
        except (TypeError, KeyError) as error:
            msg = f"the state of a control is needed, got {data!r}"
            raise ScheduleError(msg) from error


class Control(ABC):
    """A rule that makes a factor of the metrics it is told."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    mode: str
    threshold: float
    threshold_mode: str

    def __post_init__(self) -> None:
        """Check every argument by its own declaration."""
        for each in dataclasses.fields(self):
            who = f"{type(self).__name__} needs {each.name}"
            found = each.metadata["check"](who, getattr(self, each.name))
            object.__setattr__(self, each.name, found)

    def start(self) -> State:
        """Return the state before the first metric: a factor of 1."""
        return State()

    def __call__(self, state: State, metric: Any) -> tuple[State, float]:
        """Return the next state and the factor from now on.

        Args:
            state: The state before this metric.
            metric: A number or anything that ``float`` takes, a tensor too. NaN
                and infinities are no improvement.

        Raises:
            ScheduleError: If the metric is no number.
        """
        after = self._after(state, as_float(metric))
        return after, after.factor

    @abstractmethod
    def _after(self, state: State, metric: float) -> State:
        """Return the next state."""

    def _is_better(self, metric: float, best: float | None) -> bool:
        """Tell whether a metric improves on the best one by the threshold.

        torch computes best * (1 - threshold). Of a negative best that lies on the
        wrong side: a metric that stays at -1 is an improvement each time. Here a
        relative threshold is relative to the magnitude, unless "rel-torch" is asked.
        """
        if not math.isfinite(metric):
            return False
        if best is None:
            return True
        sign = 1.0 if self.mode == "min" else -1.0
        if self.threshold_mode == "abs":
            return sign * metric < sign * best - self.threshold
        flipped = best < 0 and self.threshold_mode == "rel"
        margin = -self.threshold if flipped else self.threshold
        return sign * metric < sign * (best * (1.0 - sign * margin))

    def to_plain(self) -> dict[str, Any]:
        """Return the control as plain data that ``json`` can write."""
        found = {
            each.name: getattr(self, each.name) for each in dataclasses.fields(self)
        }
        return {"kind": type(self).__name__, **found}

    def __repr__(self) -> str:
        """Return the call that makes it, without what is as always."""
        words = (
            f"{each.name}={getattr(self, each.name)!r}"
            for each in dataclasses.fields(self)
            if getattr(self, each.name) != each.default
        )
        return f"{type(self).__name__}({', '.join(words)})"


def count(*, default: int, least: int = 0) -> Any:
    """Declare how many metrics: a whole number, never with a unit."""

    def check(who: str, value: Any) -> int:
        return whole(who, value, least)

    return dataclasses.field(default=default, metadata={"check": check})


def lowered(factor: float, by: float, low: float, eps: float) -> float:
    """Return a factor after a reduction; the same where that is left out."""
    lower = max(factor * by, low)
    return lower if factor - lower > eps else factor


def as_float(metric: Any) -> float:
    """Return a metric as a float, NaN and infinities too."""
    if not isinstance(metric, (str, bytes, bool)):
        try:
            return float(metric)
        except (TypeError, ValueError, RuntimeError):
            pass
    msg = f"a control needs the metric as one number, got {metric!r}"
    raise ScheduleError(msg)
