"""Summary: the closing line about a segment whose recordings have to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.recording.events import ProcessEnded
from lrscope.recording.run import read_run
from lrscope.report.closing import Done, command_for, line

if TYPE_CHECKING:
    from pathlib import Path

    from lrscope.recording.process import Process


def summary_of(run: Path, segment: int) -> str:
    """Return steps, groups, rates and skipped steps, and the command to type next.

    Raises:
        RecordingError: the run cannot be read.
    """
    found = [each for each in read_run(run).processes if each.segment == segment]
    if not found:
        see = command_for(str(run))
        return f"the recordings of this segment cannot be read; see: {see}"
    process = min(found, key=lambda each: (each.rank or 0, each.started))
    done = done_in(process)
    if not done.updates and not done.skipped:
        return line(
            str(run), 0, [f"no optimizer step was completed{_why(process)}"], "audit"
        )
    parts = done.parts()
    if len(found) > 1:
        parts.insert(0, f"{len(found)} processes")
    if process.problem:
        parts.append(process.problem)
    return line(str(run), segment, parts)


def done_in(process: Process) -> Done:
    """Return what a process did."""
    ratio = process.ratio()
    tracks = process.tracks
    rates = [each.applied for each in tracks if len(each)]
    return Done(
        updates=ratio.updates,
        skipped=ratio.skipped,
        groups=len(tracks),
        optimizers=len({each.optimizer for each in tracks}),
        rates=(float(rates[0][0]), float(rates[0][-1])) if rates else None,
        name=tracks[0].name if len(rates) > 1 else None,
    )


def _why(process: Process) -> str:
    for each in process.history.of(ProcessEnded):
        if each.exception:
            kind, message = each.exception.get("type"), each.exception.get("message")
            first = str(message or "").partition("\n")[0]
            return f" ({kind}: {first})" if first else f" ({kind})"
    return ""
