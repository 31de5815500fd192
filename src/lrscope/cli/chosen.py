"""Chosen: the process of a run that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.errors import UsageError
from lrscope.report.others import named

if TYPE_CHECKING:
    from lrscope.recording.process import Process
    from lrscope.recording.run import Run


def process_in(
    run: Run,
    *,
    segment: int | None = None,
    rank: int | None = None,
    pid: int | None = None,
) -> Process:
    """Return the process that fits all that is given, by default `Run.main`.

    If that took no optimizer step, as where a checkpoint was not found, it is that of
    the last segment with one.

    Raises:
        UsageError: there is none.
    """
    if segment is None and rank is None and pid is None:
        stepped = (each.segment for each in run.processes if each.tracks)
        segment = run.main.segment if run.main.tracks else max(stepped, default=None)
        if segment in (None, run.main.segment):
            return run.main
    if segment is None and pid is None:
        segment = run.main.segment
    found = [
        each
        for each in run.processes
        if segment in (None, each.segment)
        and rank in (None, each.rank)
        and pid in (None, each.pid)
    ]
    if not found:
        raise UsageError(_none_such(run, segment, rank, pid))
    return min(found, key=lambda each: (-each.segment, each.rank or 0, each.started))


def _none_such(run: Run, segment: int | None, rank: int | None, pid: int | None) -> str:
    """Return which processes there are instead."""
    there = [each for each in run.processes if segment in (None, each.segment)]
    if pid is not None or (there and all(each.rank is None for each in there)):
        why = f"no process {pid} was recorded"
        if pid is None:
            why = f"--rank needs a distributed run, got {rank} for one without ranks"
        return f"{why}; choose with --pid: {named(there or run.processes)}"
    shown = ", ".join(
        f"segment {part}" + ("" if place is None else f" rank {place}")
        for part, place in sorted(
            {(each.segment, each.rank) for each in run.processes}, key=str
        )
    )
    wanted = f"segment {segment}" + ("" if rank is None else f", rank {rank}")
    return f"no process of {wanted} was recorded; there are: {shown}"
