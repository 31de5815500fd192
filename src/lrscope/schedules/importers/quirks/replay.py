"""torch's composed schedulers done over again, one group, without torch."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from lrscope.schedules.importers.quirks.moves import (
    Cosine,
    Ended,
    Group,
    Moves,
    Scales,
    Sets,
    Single,
    Swa,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Composed(Moves):
    """A scheduler that is made of others."""

    def __init__(self, move: dict[str, Any]) -> None:
        self._parts = [moves_of(each) for each in move["parts"]]

    def undo(self) -> None:
        """Set the clocks of its parts back by one, not its own."""
        for each in self._parts:
            each.undo()

    def hand_over(self, rate: float) -> float:
        """Raise: torch asks it for ``get_lr``, which it does not have."""
        del rate
        raise Ended


class Chain(Composed):
    """ChainedScheduler: the moves of all, one after the other."""

    def construct(self, rate: float, group: Group) -> float:
        """Construct its parts."""
        for each in self._parts:
            rate = each.construct(rate, group)
        return rate

    def step(self, rate: float, *, initial: bool = False) -> float:
        """Step them all."""
        del initial
        for each in self._parts:
            rate = each.step(rate)
        return rate


class Sequence(Composed):
    """SequentialLR: one after the other, by milestones."""

    def __init__(self, move: dict[str, Any]) -> None:
        super().__init__(move)
        self._milestones = move["milestones"]
        self._first: int = move.get("first", bisect_right(self._milestones, 0))
        self._clock = 0

    def construct(self, rate: float, group: Group) -> float:
        """Construct its parts, undo that, and begin with one of them."""
        for each in self._parts:
            rate = each.construct(rate, group)
        self.undo()
        return self._parts[self._first].begin(group["initial_lr"])

    def step(self, rate: float, *, initial: bool = False) -> float:
        """Step the part whose turn it is."""
        del initial
        self._clock += 1
        which = bisect_right(self._milestones, self._clock)
        part = self._parts[which]
        if which and self._milestones[which - 1] == self._clock:
            return part.hand_over(rate)
        return part.step(rate)


class Replay:
    """A scheduler that is stepped until it raises; then its rate stays."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves
        self.ended: int | None = None
        self._steps = 0

    @classmethod
    def of(cls, move: dict[str, Any]) -> Replay:
        """Return the replay of a description."""
        return cls(moves_of(move))

    def construct(self, rate: float = 1.0) -> float:
        """Return the rate after its construction on a rate."""
        return self._moves.construct(rate, {})

    def step(self, rate: float) -> float:
        """Return the next rate."""
        if self.ended is None:
            try:
                rate = self._moves.step(rate)
                self._steps += 1
            except Ended:
                self.ended = self._steps
        return rate


_KINDS: dict[str, Callable[[dict[str, Any]], Single]] = {
    "scales": Scales,
    "sets": Sets,
    "cosine": Cosine,
    "swa": Swa,
}


def moves_of(move: dict[str, Any]) -> Moves:
    """Return the moves that a description tells."""
    if "milestones" in move:
        return Sequence(move)
    if "parts" in move:
        return Chain(move)
    return _KINDS[move["kind"]](move)
