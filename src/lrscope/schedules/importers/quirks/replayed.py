"""Schedulers in schedulers whose rates have no closed form."""

from __future__ import annotations

import dataclasses
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import number
from lrscope.schedules.evaluated import value
from lrscope.schedules.importers.quirks.replay import Replay
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_STEPS = 10**7
"""More steps are not replayed; a million of them take some seconds."""


def _text() -> Any:
    """Declare a text that is JSON."""

    def check(who: str, value: Any) -> str:
        try:
            json.loads(value)
        except (TypeError, ValueError):
            msg = f"{who} as JSON text, got {value!r}"
            raise ScheduleError(msg) from None
        return str(value)

    return dataclasses.field(metadata={"check": check, "kind": "text"})


@value
class replayed(Shape):
    """What torch's schedulers do together, found by doing it step by step.

    f(0) = start; f(t) is what the moves of step t make of f(t - 1)

    A cosine with ``eta_min`` chained with another scheduler, and one composed
    scheduler inside another, have no closed form. The values are kept, so that only
    the first look at a step takes time. It is a rate.

    Args:
        moves: The schedulers, as the importer describes them in JSON.
        start: The rate at step 0.

    Raises:
        ScheduleError: If the moves are no JSON; if a step beyond 10⁷ is asked for.
    """

    moves: str = _text()
    start: float = number()
    turns = True

    @property
    def is_rate(self) -> bool:
        """True: the values are learning rates."""
        return True

    def _formula(self, t: Any) -> Any:
        table = _table(self.moves, self.start)
        if isinstance(t, np.ndarray):
            where = t.astype(np.intp)
            return table.until(int(where.max(initial=0)))[where]
        return float(table.until(int(t))[int(t)])


class _Table:
    """Rates so far; grows when a later step is asked for."""

    def __init__(self, moves: str, start: float) -> None:
        self._replay = Replay.of(json.loads(moves))
        self._replay.construct()
        self._rates = np.array([start])

    def until(self, step: int) -> NDArray[np.float64]:
        """Return the rates of steps 0 … step and maybe more."""
        have = len(self._rates)
        if step >= have:
            if step > MOST_STEPS:
                msg = f"replaying {step:,} steps takes too long; at most {MOST_STEPS:,}"
                raise ScheduleError(msg)
            more = np.empty(max(step + 1, 2 * have, 1024) - have)
            rate = float(self._rates[-1])
            for at in range(len(more)):
                more[at] = rate = self._replay.step(rate)
            self._rates = np.concatenate([self._rates, more])
        return self._rates


@lru_cache(maxsize=64)
def _table(moves: str, start: float) -> _Table:
    return _Table(moves, start)
