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

    Steps 0, 1, 2, 4, 8 … are always measured: the warm-up is where it matters. Beside
    them the budget decides. It chooses multiples of a power of two, so that ranks that
    choose for themselves still measure common steps, and their sums can be added.

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
        missing = (account.spent + cost) / share - elapsed
        grid = 1  # up to the power of two that comes next, which is a multiple of all
        while (grid - step % grid) * each < missing and grid <= step:
            grid *= 2
        return grid - step % grid
