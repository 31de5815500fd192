"""Replays: a resumed training goes through rates again that it had left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.audit.facts.curve import acts_otherwise, goes_through_again
from lrscope.audit.facts.held import total_held
from lrscope.audit.facts.nearness import differ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.facts.resumption import Resumption

RISES = 3
"""Changes that make a curve worth comparing."""


LOW = 0.15
"""Share of the highest rate below which a schedule may be over."""


def begins_anew(continued: Continued) -> bool:
    """Say whether a scheduler started over in the middle of its own schedule.

    It was not restored in any way, is the same schedule as before, and the rates are
    not those of an uninterrupted training.
    """
    before, due = continued.before, continued.due
    if before is None or not continued.counts or due is None or not due:
        return False
    if continued.is_restored or not continued.is_same_schedule:
        return False
    if continued.start >= due or continued.had_ended or continued.has_new_base:
        return False
    if not (continued.resumption.is_evident or _completes(continued)):
        return False
    wrong = continued.wrong()
    if wrong is not None:
        return bool(wrong.any())
    return goes_through_again(continued) or acts_otherwise(continued)


def begins_anew_unseen(continued: Continued) -> int:
    """Return the steps that a scheduler lacks, if its earlier part was not recorded.

    The updates that the loaded state counts, and those since, make up the length of
    the schedule to one in a hundred; yet it began at 0. Otherwise 0.
    """
    load, length = continued.resumption.load, _length(continued)
    updates, steps = continued.optimizer.updates, continued.scheduler.steps
    if continued.before is not None or load is None or not load.steps or length is None:
        return 0
    if continued.is_restored or not continued.counts:
        return 0
    if not continued.training.ending.in_order or not updates:
        return 0
    lacks = round(load.steps * steps / updates)
    fits = abs(lacks + steps - length) <= max(1, 0.01 * length)
    return lacks if fits and steps > 1 else 0


def _length(continued: Continued) -> float | None:
    """Return the steps of a schedule; of one of somebody's own by their name."""
    length = continued.horizon
    if length is None:
        return total_held(continued.scheduler)
    return length.steps if length.ends_run else None


def _completes(continued: Continued) -> bool:
    """Say whether both parts together have the length of the schedule, to the step."""
    length, due = continued.horizon, continued.due
    steps = continued.scheduler.steps
    if length is None or due is None or not continued.training.ending.in_order:
        return False
    return length.ends_run and abs(due + steps - length.steps) <= 1 < steps


def replayed(resumption: Resumption) -> int:
    """Return how many updates at the start repeat those of the earlier training.

    0 if the curve says too little, or if the earlier training repeats itself too.
    """
    ours, theirs = _curves(resumption)
    size = min(ours.size, theirs.size)
    if not size:
        return 0
    off = np.flatnonzero(~_equal(ours[:size], theirs[:size]))
    count = int(off[0]) if off.size else size
    if _changes(ours[:count]) < RISES or count < size:
        return 0
    if not differ(theirs[-1:], theirs[:1])[0]:  # it was where it had begun
        return 0
    return 0 if _recurs(theirs, ours[: min(count // 2, 200)]) else count


def replayed_by_hand(resumption: Resumption) -> int:
    """Return the same of rates that no scheduler sets, if a state was loaded."""
    if not resumption.loads or resumption.before is None or resumption.has_new_base:
        return 0
    _, theirs = _curves(resumption)
    ended = not theirs.size or theirs[-1] <= LOW * np.max(theirs)
    return 0 if ended else replayed(resumption)


class Rise(NamedTuple):
    """A warm-up that was gone through a second time.

    Attributes:
        begins: first update of it after the resume.
        ends: its last.
        low: rate of the first.
        high: rate of the last.
    """

    begins: int
    ends: int
    low: float
    high: float


def warmup_again(resumption: Resumption) -> Rise | None:
    """Return the warm-up that is gone through a second time; None if none is."""
    ours, theirs = _curves(resumption)
    at = resumption.at_call
    if at is None or not resumption.is_evident:
        return None
    first = _rise(theirs)
    if not first or at < first or (np.diff(theirs[first:]) > 0).any():
        return None
    begins = _after_loaded_rate(ours)
    second = _rise(ours[begins:])
    if not second or not 0.6 * first <= second + 1 <= 1.25 * first + 2:
        return None
    found = Rise(
        begins, begins + second, float(ours[begins]), float(ours[begins + second])
    )
    levels = theirs[np.concatenate(([0], np.flatnonzero(np.diff(theirs))[:2] + 1))]
    again = found.low / found.high
    if (np.abs(levels / theirs[first] - again) > 0.3 * again).all():
        return None
    resumed_from = theirs[min(at, theirs.size) - 1]
    return found if found.low < 0.7 * resumed_from else None


def _after_loaded_rate(curve: NDArray[np.float64]) -> int:
    """Return where a curve begins that its scheduler sets: the first may be loaded."""
    changes = np.flatnonzero(np.diff(curve)) + 1
    if changes.size < RISES or not curve[changes[0]] < curve[0]:
        return 0
    return int(changes[0])


def _rise(curve: NDArray[np.float64]) -> int:
    """Return the updates for which a curve rises from its start; 0 if it does not."""
    steps = np.diff(curve)
    falls = np.flatnonzero(~(steps >= 0))
    end = int(falls[0]) if falls.size else int(steps.size)
    rises = np.flatnonzero(steps[:end] > 0)
    if rises.size < RISES:
        return 0
    last = int(rises[-1]) + 1
    return last if curve[0] < 0.7 * curve[last] else 0


def _curves(
    resumption: Resumption,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rates of the group that moves most, now and before."""
    nothing = np.zeros(0)
    if resumption.before is None:
        return nothing, nothing
    ours, theirs = resumption.optimizer.groups, resumption.before.groups
    if len(ours) != len(theirs) or not ours:
        return nothing, nothing
    most = max(range(len(ours)), key=lambda k: theirs[k].changes.size)
    return ours[most].applied, theirs[most].applied


def _equal(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say where rates are equal but for the rounding of float32."""
    return np.isclose(ours, theirs, rtol=1e-5, atol=0.0)


def _changes(curve: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.diff(curve)))


def _recurs(curve: NDArray[np.float64], piece: NDArray[np.float64]) -> bool:
    """Say whether a piece comes again in a curve, later than at its start."""
    first = np.flatnonzero(_equal(curve, np.full(curve.size, piece[0])))
    first = first[(first > 0) & (first + piece.size <= curve.size)]
    leaves = first[np.diff(first, prepend=-2) > 1][:100]
    return any(_equal(curve[k : k + piece.size], piece).all() for k in leaves.tolist())
