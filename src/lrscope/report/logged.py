"""Logged: numbers that a program recorded with ``lrscope.log``, the last of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.recording.values import LOSS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.recording.track import Track
    from lrscope.report.steps import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The last of the numbers under one name, in the range of steps that is shown.

    Attributes:
        last: the number.
        step: updates that the optimizer had made before it.
        optimizer: name of that optimizer, the first that is shown.
        count: how many numbers there are in the range.
    """

    last: float
    step: int
    optimizer: str
    count: int


def logged_of(tracks: Sequence[Track], steps: Steps) -> dict[str, Latest]:
    """Return by name what was logged within a range of steps."""
    found: dict[str, Latest] = {}
    for track in tracks[:1]:
        for name in track.process.values:
            logged = track.logged(name)
            chosen = steps.among(logged.steps)
            if name != LOSS and chosen.any():
                found[name] = Latest(
                    last=float(logged.values[chosen][-1]),
                    step=int(logged.steps[chosen][-1]),
                    optimizer=track.optimizer.name,
                    count=int(chosen.sum()),
                )
    return found
