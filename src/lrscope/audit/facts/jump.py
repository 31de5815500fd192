"""Jump: a rate that is not continued where a training goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lrscope.audit.facts.continued import Continued

LEAST = 0.05
"""Jumps that are smaller, relative to the larger rate, are none."""

FLOOR = 0.05
"""Share of the highest rate at which a schedule may be over."""

NOTCHES = 3
"""How many times larger than the usual change a jump must be, and changes to tell."""


@dataclass(frozen=True, slots=True)
class Jump:
    """One jump.

    Attributes:
        update: after the resume, from 0.
        before: the rate that was due.
        after: the rate that was used.
        peak: the highest rate before the resume.
    """

    update: int
    before: float
    after: float
    peak: float

    @property
    def from_the_end(self) -> bool:
        """Whether the schedule had come down, as at its end."""
        return self.before <= FLOOR * self.peak


def jump_of(continued: Continued) -> Jump | None:
    """Return the jump at the resume or at the scheduler's first step after it."""
    moved = np.flatnonzero(continued.now.at_updates > continued.start)
    places = [0, *(moved[:1].tolist())]
    wrong = continued.wrong()
    if wrong is None:
        return _jump_by_notches(continued, places)
    off = [each for each in places if wrong[each]]
    if not off:
        return None
    update = off[0]
    plan, due = continued.plan, continued.due
    if plan is None or due is None:
        return None
    step = int(continued.now.at_updates[update]) - continued.start + due
    planned = plan.rates([step])[:, 0]
    before = continued.resumption.before
    peaks = [each.peak for each in before.groups] if before else []
    found = [
        Jump(update, float(rate), float(group.applied[update]), peak)
        for group, rate, peak in zip(
            continued.optimizer.groups, planned, peaks, strict=True
        )
    ]
    jump = max(found, key=lambda each: abs(each.before - each.after))
    return jump if _is_large(jump.before, jump.after) else None


def _jump_by_notches(continued: Continued, places: list[int]) -> Jump | None:
    """Compare with how the rate changed before, where no plan is known."""
    resumption = continued.resumption
    before, at = resumption.before, resumption.at_call
    if (
        before is None
        or not at
        or len(before.groups) != len(continued.optimizer.groups)
    ):
        return None
    for ours, theirs in zip(continued.optimizer.groups, before.groups, strict=True):
        past = theirs.applied[: int(before.updated[:at].sum())]
        changes = np.diff(past[-2000:])
        changes = changes[changes != 0][-20:]
        if changes.size < NOTCHES or _is_restart(past, ours.applied[0]):
            continue
        usual = float(np.abs(changes).max())
        fell = bool((changes < 0).all())
        last = float(past[-1])
        for update in (each for each in places if each < ours.applied.size):
            now = float(ours.applied[update])
            away = abs(now - last) > NOTCHES * usual or (fell and now > last)
            if away and _is_large(last, now):
                return Jump(update, last, now, float(np.max(past)))
            last = now
    return None


def _is_restart(past: np.ndarray, first: float) -> bool:
    """Say whether the rate is back where it was highest."""
    return bool(abs(first - np.max(past)) <= 0.02 * abs(first))


def _is_large(was: float, now: float) -> bool:
    return abs(was - now) > LEAST * max(abs(was), abs(now))
