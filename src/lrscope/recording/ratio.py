"""Ratio: how often things happened beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.recording.epochs import epochs_of
from lrscope.recording.rowset import at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lrscope.recording.process import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How often things happened beside each other; the shape of a training loop.

    Attributes:
        updates: steps that really updated parameters.
        scheduler_steps: calls of ``scheduler.step()`` by the program.
        backward_calls: calls of ``backward()``.
        passes: passes over a DataLoader in which a step was taken; of one optimizer,
            those of the loader that it is trained on.
        skipped: steps that updated nothing.
    """

    updates: int
    scheduler_steps: int
    backward_calls: int
    passes: int
    skipped: int


def ratio_of(process: Process, optimizer: int | None = None) -> Ratio:
    """Return how often things happened, for one optimizer by index or for all.

    Scheduler steps are counted of schedulers that drive the optimizer, passes of the
    loader that it is trained on; backward calls are those of the process.
    """
    chosen = [
        number
        for number, each in process.optimizers.items()
        if optimizer is None or each.index == optimizer
    ]
    calls = [process.step_rows(each) for each in chosen]
    attempts = sum(int(each.size) for each in calls)
    updates = sum(int(at(process.updated, each).sum()) for each in calls)
    every = None if optimizer is None else chosen[0]
    return Ratio(
        updates=updates,
        scheduler_steps=process.history.count_scheduler_steps(every),
        backward_calls=process.history.count("backward"),
        passes=_passes(process, None if optimizer is None else calls[0]),
        skipped=attempts - updates,
    )


def _passes(process: Process, calls: NDArray[np.int64] | None) -> int:
    if calls is None:
        return sum(each.steps > 0 for each in process.passes)
    epochs = epochs_of(process.passes, calls)
    return epochs.count if epochs else 0
