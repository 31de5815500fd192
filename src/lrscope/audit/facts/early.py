"""Early: updates at the first of the batches that are to be accumulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from lrscope.audit.facts.scheduler import Scheduler


class Early(NamedTuple):
    """Accumulation that begins with an update, as ``i % k == 0`` does for i = 0.

    Attributes:
        batches: accumulated for the other updates.
    """

    batches: int

    @property
    def cause(self) -> str:
        """What is wrong, in words."""
        return (
            f"a pass begins with an update after 1 batch, not {self.batches}: "
            f"i % {self.batches} == 0 is true of the first i, 0"
        )

    @property
    def fix(self) -> str:
        """What to write instead."""
        return (
            f"update where (i + 1) % {self.batches} == 0, and take "
            f"len(loader) // {self.batches} updates for a pass"
        )


def early_updates(scheduler: Scheduler) -> Early | None:
    """Return how an optimizer accumulates if each pass begins with an update."""
    optimizer, epochs = scheduler.optimizer, scheduler.epochs
    if optimizer is None or epochs is None or epochs.count < 2:
        return None
    batches = optimizer.backward_per_call
    first = optimizer.backward[epochs.starts]
    if batches < 2 or first[0] != 1 or np.any(first >= 2 * batches):
        return None
    return Early(batches)
