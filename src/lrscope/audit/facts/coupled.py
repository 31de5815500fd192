"""Coupled: numbers beside the rate that were restored an update too late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.resumption import Resumption


@dataclass(frozen=True, slots=True)
class Late:
    """One number of one group.

    Attributes:
        name: such as "weight_decay".
        group: name of the group.
        last: before the resume.
        first: at the first update after it.
        second: at the next.
    """

    name: str
    group: str
    last: float
    first: float
    second: float


def late_settings(resumption: Resumption) -> Iterator[Late]:
    """Yield what was wrong at the first update after a resume, then right."""
    before, at = resumption.before, resumption.at_call
    groups = resumption.optimizer.groups
    if before is None or not at or len(before.groups) != len(groups):
        return
    updates = int(before.updated[:at].sum())
    for ours, theirs in zip(groups, before.groups, strict=True):
        if ours.applied.size < 2 or not 0 < updates <= theirs.applied.size:
            continue
        if not _continues(ours, theirs, updates):
            continue
        for name in set(ours.track.settings) & set(theirs.track.settings):
            now, past = ours.track.setting(name), theirs.track.setting(name)[:updates]
            last, first, second = float(past[-1]), float(now[0]), float(now[1])
            if _is_late(past, first, second):
                yield Late(name, ours.group_name, last, first, second)


def _continues(ours: Group, theirs: Group, updates: int) -> bool:
    """Say whether the rate itself went on where it was."""
    past = theirs.applied[:updates]
    notch = np.max(np.abs(np.diff(past[-50:])), initial=0.0)
    return bool(abs(ours.applied[0] - past[-1]) <= 3 * notch + 1e-9)


def _is_late(past: np.ndarray, first: float, second: float) -> bool:
    changes = np.abs(np.diff(past))
    if np.count_nonzero(changes) < 3:
        return False
    notch = float(np.max(changes[-50:]))
    last = float(past[-1])
    near = abs(second - last) <= 3 * notch
    return near and min(abs(first - last), abs(first - second)) > 5 * notch
