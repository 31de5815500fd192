"""Earlier: the updates that an optimizer had behind it when a process met it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.events import OptimizerStateLoaded

if TYPE_CHECKING:
    from lrscope.recording.track import Track


def state_given(track: Track) -> OptimizerStateLoaded | None:
    """Return the last state that its optimizer was given before its first step."""
    process, optimizer = track.process, track.optimizer.index
    first = process.step_rows(optimizer)[:1]
    loads = process.history.of_one(OptimizerStateLoaded, optimizer)
    return next((e for e in reversed(loads) if np.all(e.row <= first)), None)


def updates_before(track: Track) -> int | None:
    """Return how many updates it had behind it; see `Track.updates_before`."""
    given = state_given(track)
    if given is None:
        return 0
    return int(given.steps) if given.steps else None
