"""Pace: at which steps to measure, so that measuring stays within its budget."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrscope.capture.effective.wanted import Wanted


RECORDING = 15e-6
"""Seconds that recording takes at a step that is not measured (benchmarks/RESULTS.md).

They are part of the budget, up to half of it: what counts is how much slower the
training gets.
"""

BEGINNING = 20e-3
"""Seconds that a recording takes to begin and to end, likewise: a debt at first."""


class Account:
    """Seconds that measuring took in this process, over all optimizers."""

    def __init__(self) -> None:
        """Begin to count at the first step."""
        self.began: float | None = None
        self.spent = 0.0

    def began_at(self, now: float) -> float:
        """Return when training began; now, if nobody asked before."""
        if self.began is None:
            self.began = now
        return self.began


class Pace:
    """Chooses the steps of one optimizer at which to measure.

    Steps 0, 1, 2, 4, 8, 16 and 32 are always measured: the warm-up is where it matters;
    later 128, 512, 2048 …, so that no long run goes without. Beside them the budget
    decides how many: one in each run of 2ⁿ steps, see `chosen`.

    Args:
        wanted: what was asked for.
        account: what measuring took so far.
    """

    def __init__(self, wanted: Wanted, account: Account) -> None:
        """Measure the first step."""
        self._every = wanted.every
        self._budget = wanted.budget
        self._account = account
        self._began = time.perf_counter()
        account.began_at(self._began)

    def steps_to_next(self, step: int, cost: float) -> int:
        """Return in how many steps to measure again, at least 1.

        Args:
            step: the one that was measured, from 0.
            cost: seconds that measuring it took.
        """
        if self._every is not None:
            return self._every - step % self._every
        now = time.perf_counter()
        account = self._account
        account.spent += cost
        elapsed = now - account.began_at(now)
        each = max(now - self._began - account.spent, 0.0) / (step + 1)
        recording = RECORDING / each if each else 0.0
        share = max(self._budget - recording, self._budget / 2)
        missing = (BEGINNING + account.spent + cost) / share - elapsed
        certain = _always_after(step) - step
        level, ahead = 0, 1
        while ahead * each < missing and ahead < certain:
            level += 1
            ahead = _after(step, level) - step
        return min(ahead, certain)


def _always_after(step: int) -> int:
    """Return the next of the steps that are always measured."""
    power = step.bit_length()
    return 1 << (power if power < 6 else power | 1)


def chosen(level: int, run: int) -> int:
    """Return the step that is measured in a run of 2ⁿ steps; n is the level.

    It is the one that was chosen in the first half or in the second, as bits that look
    like chance have it. So a sparser choice is part of every denser one: ranks that
    choose for themselves measure common steps, whose sums can be added. And no habit of
    a training (one group at even steps, another at odd ones) goes along with it.
    """
    while level:
        bit = (run * 0x9E3779B1 ^ level * 0x85EBCA6B) >> 15 & 1
        level, run = level - 1, 2 * run + bit
    return run


def _after(step: int, level: int) -> int:
    """Return the first step after ``step`` that is chosen at a level."""
    run = step >> level
    here = chosen(level, run)
    return here if here > step else chosen(level, run + 1)
