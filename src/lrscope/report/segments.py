"""Segments: how the parts of a run that was continued with -o follow one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.report.numbers import rate
from lrscope.report.whole import MOST, counterpart

if TYPE_CHECKING:
    from lrscope.recording.process import Process
    from lrscope.recording.run import Run
    from lrscope.recording.track import Track


def segments_beside(process: Process, run: Run) -> tuple[str, ...]:
    """Return a line about each segment of a process's rank, in words.

    Empty where there is one segment only. Updates are numbered over the whole training
    where the optimizer's state tells how many it has behind it.
    """
    if len(run.segments) < 2:
        return ()
    told, reached = [], 0
    for segment in run.segments[-MOST:]:
        own = counterpart(run, segment.number, process)
        tracks = own.tracks if own else ()
        if not tracks or not tracks[0].applied.size:
            what = "no update" if tracks else "no optimizer step"
            told.append(f"segment {segment.number}: {what}")
            continue
        line, reached = _line(tracks[0], reached)
        shown = "  (shown here)" if own is process else ""
        told.append(f"segment {segment.number}: {line}{shown}")
    return tuple(told)


def _line(track: Track, reached: int) -> tuple[str, int]:
    """Return what a segment did to its first group, and which update it came to."""
    start = track.start
    applied = track.applied[start.first :]
    first = start.update or 0
    ends = first + applied.size
    rates = f"{rate(float(applied[0]))} → {rate(float(applied[-1]))}"
    line = f"updates {first:,} to {ends - 1:,}, {track.name} {rates}"
    if not reached:
        if first:
            line += f"; began with a state of {first:,} updates"
    elif start.given is None and not first:
        line += "; the optimizer began anew: it was given no state"
    elif not first:
        line += "; the optimizer's state was loaded, and counts no updates"
    elif first == reached:
        line += "; goes on where the one before ended"
    elif first < reached:
        line += f"; the last {reached - first:,} of the one before are made again"
    else:
        line += f"; {first - reached:,} updates after the one before"
    return line, ends
