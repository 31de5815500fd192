"""What torch's single schedulers do at a step, one group, without torch.

The rate is handed through: every move takes the rate before and returns the next.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from lrscope.schedules.shapes.exponential import exponential
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.stairs import step_decay

if TYPE_CHECKING:
    from lrscope.schedules.schedule import Schedule


Group = dict[str, float]
"""What torch keeps in a group beside its rate: ``initial_lr``."""


class Ended(Exception):  # noqa: N818 - the replay ends where torch raises
    """The next step would raise."""


class Moves(ABC):
    """One scheduler, with its own clock."""

    @abstractmethod
    def construct(self, rate: float, group: Group) -> float:
        """Construct it, its first step included."""

    @abstractmethod
    def step(self, rate: float, *, initial: bool = False) -> float:
        """Take a step; ``initial`` if it is the one of a construction."""

    @abstractmethod
    def undo(self) -> None:
        """Set every clock back by one, as SequentialLR does."""

    def begin(self, rate: float) -> float:
        """Take the first step over again."""
        return self.step(rate, initial=True)

    @abstractmethod
    def hand_over(self, rate: float) -> float:
        """Begin when a sequence comes to it."""


class Single(Moves):
    """A scheduler that is not made of others."""

    def __init__(self) -> None:
        self.clock = -1

    def construct(self, rate: float, group: Group) -> float:
        """Take the first step."""
        group.setdefault("initial_lr", rate)
        return self.begin(rate)

    def undo(self) -> None:
        """Set the clock back by one."""
        self.clock -= 1


class Scales(Single):
    """Multiplies by f(n) / f(n - 1)."""

    def __init__(self, move: dict[str, Any]) -> None:
        super().__init__()
        self._factor = _schedule(move["factor"])
        self._move = move
        self._before = self._factor(0)

    def step(self, rate: float, *, initial: bool = False) -> float:
        """Multiply by what the factor has become."""
        self.clock += 1
        now = self._factor(max(self.clock, 0))
        by = self._ratio(now)
        if self.clock == 0:
            by = now if initial else float(self._move["first"])
        elif self._is_zero():
            by = 0.0
        self._before = now
        return rate * by

    def _is_zero(self) -> bool:
        """Say whether it multiplies by 0, whatever its own rate was before."""
        zeros = self._move.get("zeros", ())
        if isinstance(zeros, int):
            return self.clock % zeros == 0
        return self.clock in zeros

    def _ratio(self, now: float) -> float:
        """Return f(n) / f(n - 1), also where both are too small for a float."""
        if isinstance(self._factor, exponential):
            return self._factor.gamma
        if isinstance(self._factor, step_decay):
            return 1.0 if self.clock % self._factor.every else self._factor.gamma
        if isinstance(self._factor, linear) and self.clock <= self._factor.steps:
            return _next_of_line(self._factor, self.clock)
        return now / self._before if self._before else 1.0

    def hand_over(self, rate: float) -> float:
        """Begin at the base rate, whatever the rate was."""
        del rate
        self.clock = 0
        self._before = self._factor(0)
        handed = self._move["handed"]
        if isinstance(handed, str):
            raise Ended
        return float(self._move["base"]) * (self._before if handed is None else handed)


class Sets(Single):
    """Works out every rate afresh."""

    def __init__(self, move: dict[str, Any]) -> None:
        super().__init__()
        self._rate = _schedule(move["rate"])
        self._last = move["last"]
        self._initial = move["initial_lr"]

    def construct(self, rate: float, group: Group) -> float:
        """Take the first step; a CyclicLR that is not the first has no base yet."""
        if self._initial == "keeps":
            first = group.setdefault("initial_lr", self._rate(0))
            self.step(rate)
            return first
        group.setdefault("initial_lr", rate)
        if self._initial == "takes":
            group["initial_lr"] = self._rate(0)
        return self.step(rate)

    def step(self, rate: float, *, initial: bool = False) -> float:
        """Return the rate of the clock."""
        del rate, initial
        self.clock += 1
        if self._last is not None and self.clock > self._last:
            raise Ended
        return self._rate(max(self.clock, 0))

    def hand_over(self, rate: float) -> float:
        """Begin at its own first rate."""
        self.clock = -1
        return self.step(rate)


class Cosine(Single):
    """CosineAnnealingLR: towards eta_min, and away from it after T_max."""

    def __init__(self, move: dict[str, Any]) -> None:
        super().__init__()
        self._steps, self._low = float(move["T_max"]), float(move["eta_min"])
        self._base = float(move["base"])

    def step(self, rate: float, *, initial: bool = False) -> float:
        """Move with the wave; at a trough by what the wave gains there."""
        self.clock += 1
        if initial:
            return rate
        if (self.clock - 1 - self._steps) % (2 * self._steps) == 0:
            return rate + (self._base - self._low) * (1 - self._wave(1)) / 2
        ratio = (1 + self._wave(self.clock)) / (1 + self._wave(self.clock - 1))
        return ratio * (rate - self._low) + self._low

    def hand_over(self, rate: float) -> float:
        """Begin at the base rate, whatever the rate was."""
        del rate
        self.clock = 0
        return self._base

    def _wave(self, clock: int) -> float:
        return math.cos(math.pi * clock / self._steps)


class Swa(Single):
    """SWALR: from whatever rate it finds to its own; counts its steps."""

    def __init__(self, move: dict[str, Any]) -> None:
        super().__init__()
        self._move = move
        self._count = 0

    def begin(self, rate: float) -> float:
        """Count from the beginning."""
        self._count = 0
        return self.step(rate)

    def step(self, rate: float, *, initial: bool = False) -> float:
        """Take its share of the way that is left."""
        del initial
        self._count += 1
        return self._moved(rate)

    def hand_over(self, rate: float) -> float:
        """Begin; this is the one step that it does not count."""
        return self._moved(rate)

    def _moved(self, rate: float) -> float:
        steps, goal = int(self._move["steps"]), float(self._move["to"])
        at = self._count - 1 if steps else 1
        before, now = self._share(at - 1, steps), self._share(at, steps)
        begin = goal if before == 1 else (rate - before * goal) / (1 - before)
        return goal * now + begin * (1 - now)

    def _share(self, at: int, steps: int) -> float:
        done = max(0.0, min(1.0, at / max(1, steps)))
        if self._move["strategy"] == "linear":
            return done
        return (1 - math.cos(math.pi * done)) / 2


def _next_of_line(line: linear, step: int) -> float:
    """Return f(n) / f(n - 1) in torch's arithmetic, which misses 0 at its end."""
    slope = line.end - line.start
    before = line.steps * line.start + (step - 1) * slope
    return 1.0 + slope / before if before else 1.0


def _schedule(data: dict[str, Any]) -> Schedule:
    from lrscope.schedules.written.as_json import FORMAT, from_json

    return from_json({"format": FORMAT, "schedule": data})
