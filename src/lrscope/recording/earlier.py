"""Earlier: the updates that an optimizer had behind it when a process met it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.recording.events import OptimizerStateLoaded
from lrscope.recording.rowset import at

if TYPE_CHECKING:
    from lrscope.recording.track import Track


class Start(NamedTuple):
    """Where a track goes on with a training.

    Attributes:
        given: the last state that its optimizer was given before that; None if none,
            as where it was made and trained before the recording began.
        first: index of its first update there. Some at rate 0 may come before:
            torch.distributed.checkpoint makes one, to have a state to load into.
        update: number of the same over the whole training; None if the state that was
            given counts none.
    """

    given: OptimizerStateLoaded | None
    first: int
    update: int | None

    @property
    def behind(self) -> int | None:
        """Updates that came before those of this process."""
        return None if self.update is None else max(0, self.update - self.first)


def start_of(track: Track) -> Start:
    """Return where it begins to train."""
    process = track.process
    loads = process.history.of_one(OptimizerStateLoaded, track.number)
    if not loads:
        met = process.history.optimizers.get(track.number)
        return Start(None, 0, int(met.steps or 0) if met else 0)
    rows, tried = process.step_rows(track.number), track.attempted
    moving = (tried.lr != 0) & tried.updated
    first = rows[tried.steps[int(moving.argmax()) :][:1] if moving.any() else slice(1)]
    given = next((e for e in reversed(loads) if np.all(e.row <= first)), None)
    if given is None:
        return Start(None, 0, 0)
    idle = int(at(process.updated, rows[rows < given.row]).sum())
    return Start(given, idle, int(given.steps) if given.steps else None)
