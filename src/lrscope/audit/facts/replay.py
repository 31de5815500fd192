"""Replays: a resumed training goes through rates again that it had left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.continued import differ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.facts.resumption import Resumption

RISES = 3
"""Changes that make a curve worth comparing."""


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
    return continued.horizon is not None or bool(replayed(continued.resumption))


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
    off = np.flatnonzero(differ(ours[:size], theirs[:size]))
    count = int(off[0]) if off.size else size
    if _changes(ours[:count]) < RISES or count < size:
        return 0
    if not differ(theirs[-1:], theirs[:1])[0]:  # it was where it had begun
        return 0
    return 0 if _recurs(theirs, ours[: min(count, 200)]) else count


def replayed_by_hand(resumption: Resumption) -> int:
    """Return the same of rates that no scheduler sets, if a state was loaded."""
    if not resumption.loads or resumption.before is None or resumption.has_new_base:
        return 0
    before, optimizer = resumption.before, resumption.optimizer
    if before.updates == optimizer.updates and before.training.ending.in_order:
        return 0  # two phases of one length
    return replayed(resumption)


def warmup_again(resumption: Resumption) -> int:
    """Return the updates of a warm-up that is gone through a second time, or 0."""
    ours, theirs = _curves(resumption)
    at = resumption.at_call
    if not resumption.loads or at is None:
        return 0
    first, second = _rise(theirs), _rise(ours)
    if not first or not second or at < first or _rise(theirs[first:]):
        return 0
    if not 0.8 * first <= second <= 1.25 * first:
        return 0
    low, again = theirs[0] / theirs[first], ours[0] / ours[second]
    resumed_from = theirs[min(at, theirs.size) - 1]
    if not (abs(low - again) <= 0.3 * max(low, again, 1e-12)):
        return 0
    return second if ours[0] < 0.7 * resumed_from else 0


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


def _changes(curve: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.diff(curve)))


def _recurs(curve: NDArray[np.float64], piece: NDArray[np.float64]) -> bool:
    """Say whether a piece comes again in a curve, later than at its start."""
    first = np.flatnonzero(~differ(curve, np.full(curve.size, piece[0])))
    first = first[(first > 0) & (first + piece.size <= curve.size)]
    leaves = first[np.diff(first, prepend=-2) > 1][:100]
    return any(
        not differ(curve[k : k + piece.size], piece).any() for k in leaves.tolist()
    )
