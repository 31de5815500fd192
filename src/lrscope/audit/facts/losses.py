"""Losses: what the loss did while a rate fell."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.plateau import Plateau, is_plateau
from lrscope.recording.values import LOSS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.facts.falling import Fall
    from lrscope.audit.facts.group import Group

FEWEST = 10
"""Losses below which nothing is said."""

SURE = 3.0
"""Standard errors by which two levels must differ to be told apart."""

WELL = 0.25
"""Share of the earlier fall; a loss that falls by more afterwards went on falling."""

HARDLY = 0.1
"""The same of a loss that stalled; between the two nothing is said."""

LITTLE = 0.05
"""Share of the whole fall; a loss that falls by less has stopped falling."""


@dataclass(frozen=True, slots=True)
class Level:
    """The loss in a window: its median, and the standard error of that."""

    value: float
    error: float

    def exceeds(self, other: Level, by: float = 0.0) -> bool:
        """Say whether it is surely above another, by more than ``by``."""
        apart = self.value - other.value
        return apart > max(by, SURE * hypot(self.error, other.error))


@dataclass(frozen=True, slots=True)
class Course:
    """What the loss did while a rate fell.

    Attributes:
        name: of the loss.
        at_peak: when the rate was at its peak.
        half_way: half-way from there to a tenth of it.
        at_tenth: when the rate was a tenth.
        at_end: in the last updates.
    """

    name: str
    at_peak: Level
    half_way: Level
    at_tenth: Level
    at_end: Level

    @property
    def stalled(self) -> bool:
        """Whether it surely fell before the rate was a tenth, and hardly later."""
        fell = self.at_peak.exceeds(self.at_tenth)
        still = self.half_way.value > self.at_tenth.value
        return fell and still and self._fell_later <= HARDLY * self._fell_before

    @property
    def was_no_harm(self) -> bool:
        """Whether it surely went on falling, or had stopped before the rate fell."""
        well = WELL * max(self._fell_before, 0.0)
        return self.at_tenth.exceeds(self.at_end, well) or self._had_stopped

    @property
    def _fell_before(self) -> float:
        return self.at_peak.value - self.at_tenth.value

    @property
    def _fell_later(self) -> float:
        return self.at_tenth.value - self.at_end.value

    @property
    def _had_stopped(self) -> bool:
        levels = (self.half_way, self.at_tenth, self.at_end)
        lowest = min(levels, key=lambda each: each.value)
        little = LITTLE * (self.at_peak.value - lowest.value)
        return self.at_peak.exceeds(lowest) and all(
            self.half_way.value - each.value + 2 * each.error <= little
            for each in (self.at_tenth, self.at_end)
        )

    def evidence(self) -> dict[str, Any]:
        """Return the losses, plain data."""
        return {
            "loss": self.name,
            "loss_at_peak": self.at_peak.value,
            "loss_at_a_tenth": self.at_tenth.value,
            "loss_at_end": self.at_end.value,
        }


def course_of(group: Group, fall: Fall) -> Course | None:
    """Return what the loss did while a rate fell; None if that is not known."""
    for name, at, values in _losses_of(group):
        known = np.isfinite(values)
        if known.sum() >= FEWEST:
            found = _course(name, at[known], values[known], fall, group.applied.size)
            if found is not None:
                return found
    return None


def _course(
    name: str,
    at: NDArray[np.int64],
    values: NDArray[np.float64],
    fall: Fall,
    size: int,
) -> Course | None:
    peak, length = fall.peak_at, fall.tenth_at or size
    tenth, half, width = peak + length, peak + length // 2, max(1, length // 4)
    later = max(width, min(FEWEST, (size - tenth) // 4))
    windows = (
        (peak, peak + max(1, length // 16)),  # a loss may fall at once
        (half - width // 2, half - width // 2 + width),
        (tenth, tenth + later),
        (size - max(width, (size - tenth) // 10), size),
    )
    levels = [_level(at, values, *each) for each in windows]
    found = [each for each in levels if each is not None]
    return Course(name, *found) if len(found) == len(levels) else None


def _level(
    at: NDArray[np.int64], values: NDArray[np.float64], start: int, stop: int
) -> Level | None:
    """Return the level in a window of updates, or at the first loss after it.

    Its noise is told by a few losses around.
    """
    first, last = np.searchsorted(at, (start, stop))
    if first == at.size:
        return None
    last = max(last, first + 1)
    room = max(0, FEWEST - int(last - first))
    around = values[max(0, first - room // 2) : last + room]
    noise = 1.4826 * float(np.median(np.abs(np.diff(around)))) / sqrt(2)
    return Level(
        float(np.median(values[first:last])),
        1.2533 * noise / sqrt(last - first),  # of a median of normal numbers
    )


def _losses_of(
    group: Group,
) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.float64]]]:
    """Yield what may be the loss, the best first: name, updates before it, values."""
    loss = group.track.loss
    yield LOSS, np.arange(loss.size), loss
    rows = group.optimizer.update_rows
    for name, logged in sorted(group.training.process.values.items()):
        if name != LOSS and LOSS in name.lower():
            yield name, np.searchsorted(rows, logged.rows) - group.begins, logged.values
    for each in group.training.schedulers:
        if is_plateau(each) and Plateau(each).mode == "min":
            at, metrics = group.training.arguments_of(each.number)
            yield "metric", np.searchsorted(rows, at) - group.begins, metrics
