"""Whole: a track together with what came before it in earlier segments of its run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrscope.report.steps import thinned

if TYPE_CHECKING:
    from lrscope.recording.process import Process
    from lrscope.recording.run import Run
    from lrscope.recording.track import Track
    from lrscope.report.steps import Points, Steps

MOST = 8
"""Segments that are looked at; of more the last ones."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Updates of one segment that became part of the training.

    Attributes:
        track: whose updates they are.
        first: number of the first, over the whole training.
        stop: number at which a later segment went on; None in the last one.
    """

    track: Track
    first: int
    stop: int | None


def counterpart(run: Run, segment: int, process: Process) -> Process | None:
    """Return the process of another segment that this one goes on from, or the reverse.

    It has the same rank and the same command; of several, or if none has, it is in the
    same place among them by its start.
    """
    if segment == process.segment:
        return process
    alike = [e for e in run.processes if (e.rank or 0) == (process.rank or 0)]
    alike.sort(key=lambda each: each.started)
    here = [each for each in alike if each.segment == process.segment]
    there = [each for each in alike if each.segment == segment]
    if any(each.command == process.command for each in there):
        here, there = (
            [each for each in those if each.command == process.command]
            for those in (here, there)
        )
    place = here.index(process)
    return there[place] if place < len(there) else None


def stretches_of(track: Track, run: Run) -> list[Stretch]:
    """Return what the training is made of up to a track, the earliest part first.

    Empty where it is of one segment only, or where an optimizer's state does not tell
    how many updates it has behind it.
    """
    began = track.start.update
    found = [] if began is None else [Stretch(track, began, None)]
    for segment in reversed(run.segments):
        if segment.number >= track.process.segment:
            continue
        stop = found[-1].first if found else 0
        if not stop or len(found) == MOST:
            break
        own = _same(track, counterpart(run, segment.number, track.process))
        first = own.start.update if own else None
        if own and first is not None and first < stop <= first + _size(own):
            found.append(Stretch(own, first, stop))
    return found[::-1] if len(found) > 1 else []


def _size(track: Track) -> int:
    """Return how many updates it made from where it goes on with the training."""
    return len(track) - track.start.first


def _same(track: Track, process: Process | None) -> Track | None:
    """Return the track of that name in another process, if it has an update."""
    tracks = process.tracks if process else ()
    return next(
        (each for each in tracks if each.name == track.name and len(each)), None
    )


def points_of(
    track: Track, name: str, steps: Steps, stretches: list[Stretch] | None
) -> Points:
    """Return a curve of a track, over all stretches if there are any.

    Args:
        track: whose curve.
        name: of what has one value for each update, such as "applied".
        steps: of the track, where there are no stretches.
        stretches: of the training; updates that were made again count once.
    """
    if not stretches:
        chosen = steps.among(track.steps)
        return thinned(track.steps[chosen], getattr(track, name)[chosen])
    numbers, values = [], []
    for each in stretches:
        found = getattr(each.track, name)[each.track.start.first :]
        own = each.first + np.arange(found.size)
        kept = own < (np.inf if each.stop is None else each.stop)
        numbers.append(own[kept])
        values.append(found[kept])
    return thinned(np.concatenate(numbers), np.concatenate(values))
