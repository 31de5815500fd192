"""Ratio: how often things happened beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.epochs import epochs_of
from lrscope.recording.rowset import at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.process import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How often things happened beside each other; the shape of a training loop.

    Attributes:
        updates: steps that really updated parameters.
        scheduler_steps: calls of ``scheduler.step()`` by the program.
        backward_calls: calls of ``backward()``; of one optimizer, those since the step
            of another that was the last before its first.
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
    loader that it is trained on; backward calls from its first to its last.
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
        backward_calls=backward_calls_of(process, None if every is None else calls[0]),
        passes=_passes(process, None if optimizer is None else calls[0]),
        skipped=attempts - updates,
    )


def _passes(process: Process, calls: NDArray[np.int64] | None) -> int:
    if calls is None:
        return sum(each.steps > 0 for each in process.passes)
    epochs = epochs_of(process.passes, calls)
    return epochs.count if epochs else 0


def backward_calls_of(process: Process, calls: NDArray[np.int64] | None) -> int:
    """Return the backward calls of a process, or those of a training of several.

    Trainings may follow one another in a process: folds, stages, a search.

    Args:
        process: it.
        calls: rows of the steps of one optimizer; None for all.
    """
    every = [process.step_rows(each) for each in process.optimizers]
    if calls is None or len(every) < 2 or not calls.size:
        return process.history.count("backward")
    others = np.setdiff1d(np.concatenate(every), calls)
    first, last = np.searchsorted(others, (calls[0], calls[-1]))
    begin = int(others[first - 1]) + 1 if first else 0
    end = int(calls[-1]) + 1 if last < others.size else None
    return process.history.count("backward", begin, end)
