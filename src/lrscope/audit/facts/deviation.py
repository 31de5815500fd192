"""Deviation: where a group's rates leave what was planned, and who made them do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.causes import causes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.planned import Planned

EXACT = 1e-9
"""Relative difference of Python floats that were worked out in another order."""

SINGLE = 1e-3
"""The same of rates kept in float32 tensors, which drift by up to 7e-4."""

AT_A_TIME = 2**18


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Rates that differ from what was planned.

    Attributes:
        planned: what they were compared with.
        first: the first update, counted from the optimizer's first.
        last: the last update.
        updates: how many differ.
        rate: used by the first.
        due: planned for it.
        largest: difference over the largest rate planned, the most of all.
        by: who wrote the rate before the first, in words.
    """

    planned: Planned
    first: int
    last: int
    updates: int
    rate: float
    due: float
    largest: float
    by: str


def deviation_from(planned: Planned) -> Deviation | None:
    """Return where applied rates differ from planned ones; None if nowhere."""
    applied = planned.applied
    if not applied.size:
        return None
    exact = SINGLE if _is_single(applied) else EXACT
    peak, most, firsts = 0.0, 0.0, (0.0, 0.0)
    found: list[NDArray[np.int64]] = []
    for start in range(0, applied.size, AT_A_TIME):
        part = slice(start, start + AT_A_TIME)
        ours, due = applied[part], planned.rates(part)
        peak = max(peak, float(np.max(np.abs(due), initial=0.0)))
        gap = np.abs(ours - due)
        size = np.maximum(np.abs(ours), np.abs(due))
        least = peak if exact == EXACT else 1e-2 * peak
        off = np.flatnonzero(gap > exact * np.maximum(size, least))
        if off.size and not found:
            firsts = float(ours[off[0]]), float(due[off[0]])
        if off.size:
            most = max(most, float(gap[off].max()))
            found.append(off + start)
    if not found:
        return None
    updates = np.concatenate(found)
    ahead = planned.first + planned.group.begins
    return Deviation(
        planned=planned,
        first=int(updates[0]) + ahead,
        last=int(updates[-1]) + ahead,
        updates=int(updates.size),
        rate=firsts[0],
        due=firsts[1],
        largest=most / peak if peak else float("inf"),
        by=who_wrote(planned.group, int(updates[0]) + planned.first),
    )


def who_wrote(group: Group, update: int) -> str:
    """Say what happened to a group's rate before one of its updates.

    Args:
        group: the group.
        update: an index into ``group.applied``.
    """
    process, number = group.training.process, group.optimizer.number
    own = group.track.update_rows
    before = -1 if update == 0 else own[update - 1]
    pair = np.array([before, own[update]])
    (name,) = causes_of(process.history, number, pair, np.array([0.0, 1.0]))
    return "" if name == "unknown" else name


def _is_single(rates: NDArray[np.float64]) -> bool:
    with np.errstate(over="ignore"):
        return all(
            bool((part.astype(np.float32) == part).all())
            for start in range(0, rates.size, AT_A_TIME)
            for part in (rates[start : start + AT_A_TIME],)
        )
