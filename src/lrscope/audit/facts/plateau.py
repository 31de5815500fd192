"""Plateau: what ReduceLROnPlateau was told, and what it decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.number import as_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler

MOST = 200_000
"""Evaluations that are replayed; a scheduler stepped for each batch has many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a sequence of metrics makes of a patience.

    Attributes:
        cuts: the evaluations, from 0, after which the rate is to be cut.
        bad: evaluations without improvement at the end, those of a cooldown not
            counted.
        best: the best metric at the end.
    """

    cuts: tuple[int, ...]
    bad: int
    best: float


@dataclass(frozen=True)
class Plateau:
    """A ReduceLROnPlateau and the metrics that it was stepped with.

    Attributes:
        scheduler: the scheduler.
    """

    scheduler: Scheduler

    @cached_property
    def _own(self) -> dict[str, Any]:
        event = self.scheduler.event
        return {**event.attributes, **event.arguments}

    def _number(self, name: str, default: float) -> float:
        found = as_number(self._own.get(name))
        return default if found is None else found

    @property
    def mode(self) -> str:
        """Either "min" or "max"."""
        return str(self._own.get("mode", "min"))

    @property
    def patience(self) -> int:
        """Evaluations without improvement that it bears."""
        return int(self._number("patience", 10))

    @property
    def threshold(self) -> float:
        """What counts as an improvement."""
        return self._number("threshold", 1e-4)

    @property
    def is_relative(self) -> bool:
        """Whether the threshold is a share of the best metric."""
        return bool(self._own.get("threshold_mode", "rel") == "rel")

    @property
    def factor(self) -> float:
        """What a rate is multiplied by when it is cut."""
        return self._number("factor", 0.1)

    @property
    def eps(self) -> float:
        """The smallest cut that is made."""
        return self._number("eps", 1e-8)

    @property
    def least(self) -> float:
        """The rate below which it does not go, the lowest of all groups."""
        given = self._own.get("min_lr", self._own.get("min_lrs", 0.0))
        each = given if isinstance(given, list) else [given]
        return min((n for e in each if (n := as_number(e)) is not None), default=0.0)

    @property
    def metrics(self) -> NDArray[np.float64]:
        """The numbers it was stepped with, in order."""
        return self.scheduler.metrics[:MOST]

    @cached_property
    def decided(self) -> Decisions:
        """What it decided."""
        return self._replayed(correct=False)

    @cached_property
    def intended(self) -> Decisions:
        """What it would decide if the threshold were meant for any sign."""
        return self._replayed(correct=True)

    def _replayed(self, *, correct: bool) -> Decisions:
        """Replay its steps, as torch.optim.lr_scheduler.ReduceLROnPlateau does."""
        lower, begun = self.mode == "min", self._begun
        best = as_number(begun.get("best"))
        if best is None:
            best = math.inf if lower else -math.inf
        bad, pause = (_count(begun, k) for k in ("num_bad_epochs", "cooldown_counter"))
        cooldown, patience = int(self._number("cooldown", 0)), self.patience
        sign = 1.0 if lower else -1.0
        cuts = []
        for number, metric in enumerate(self.metrics.tolist()):
            margin = self.threshold
            if self.is_relative and math.isfinite(best):
                margin *= abs(best) if correct else sign * best
            better = sign * metric < sign * best - margin
            best, bad = (metric, 0) if better else (best, bad + 1)
            if pause > 0:
                pause, bad = pause - 1, 0
            if bad > patience:
                cuts.append(number)
                pause, bad = cooldown, 0
        return Decisions(cuts=tuple(cuts), bad=bad, best=best)

    @property
    def _begun(self) -> dict[str, Any]:
        """What it held when its first metric came."""
        loads = self.scheduler.loads
        return loads[0].attributes if loads else {}


def plateaus(case: Case) -> list[Plateau]:
    """Return those of a case that drive an optimizer and whose metrics are known."""
    return [
        Plateau(each)
        for each in case.driving
        if is_plateau(each) and each.metrics.size and not np.isnan(each.metrics).all()
    ]


def is_plateau(scheduler: Scheduler) -> bool:
    """Say whether a scheduler is torch's ReduceLROnPlateau or made like it."""
    own = {**scheduler.event.attributes, **scheduler.event.arguments}
    return "ReduceLROnPlateau" in scheduler.class_name and "patience" in own


def _count(own: dict[str, Any], name: str) -> int:
    value = own.get(name)
    return value if isinstance(value, int) else 0
