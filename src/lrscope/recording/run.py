"""Run: a recording read back; every process of every segment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING

from lrscope.errors import DamagedRecording, NotARun
from lrscope.recording.measuring import is_sharded, measured_of, parameters_of
from lrscope.recording.place import Segment, recordings_in, segments_of
from lrscope.recording.process import Process, read_process
from lrscope.recording.track import Track

if TYPE_CHECKING:
    import os

    from lrscope.recording.measured import Measured

__all__ = ["Process", "Run", "Track", "read_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A recording, read back. Numbers are decoded when they are asked for.

    Attributes:
        path: directory of the run.
        segments: one for each ``lrscope run`` into it, in order.
        processes: one for each process that took a step, by segment and rank.
        unreadable: file name to reason, for recordings that cannot be read at all.
    """

    path: Path
    segments: tuple[Segment, ...]
    processes: tuple[Process, ...]
    unreadable: dict[str, str]

    @property
    def main(self) -> Process:
        """The process to look at first: the lowest rank of the last segment."""
        last = max(each.segment for each in self.processes)
        of_last = [each for each in self.processes if each.segment == last]
        return min(of_last, key=lambda each: (each.rank or 0, each.started))

    @property
    def _ranks(self) -> list[Process]:
        """The processes of the last segment that train one model, one for each rank."""
        main = self.main
        if main.rank is None:
            return [main]
        of_last = [each for each in self.processes if each.segment == main.segment]
        by_rank: dict[int | None, Process] = {}
        for process in sorted(of_last, key=lambda each: each.started):
            by_rank.setdefault(process.rank, process)
        by_rank.pop(None, None)
        return list(by_rank.values())

    def track(self, name: str) -> Track:
        """Return the track called ``name`` of the `main` process; see `Process.track`.

        Raises:
            UsageError: there is no such track, or more than one.
        """
        return self.main.track(name)

    def measured(self, name: str) -> Measured | None:
        """Return what measured steps of the last segment really moved, on all ranks.

        What each rank holds alone is added up; what several hold counts once. None if
        nothing was measured, no step on all of the ranks, or if the recording of a rank
        that holds a shard is missing.

        Args:
            name: as for `Process.track`.

        Raises:
            UsageError: there is no such track, or more than one.
        """
        name = self.track(name).name
        tracks = [
            track
            for process in self._ranks
            for track in process.tracks
            if track.name == name
        ]
        if len(tracks) < (self.main.world_size or 1) and any(map(is_sharded, tracks)):
            return None
        found = [measured_of(each, parameters_of(each), len(tracks)) for each in tracks]
        whole = [each for each in found if each is not None]
        if len(whole) < len(tracks):
            return None
        together = reduce(add, whole)
        return together if len(together) else None


def read_run(path: str | os.PathLike[str]) -> Run:
    """Read a run; while it is being recorded, as far as it has come.

    Args:
        path: directory of the run.

    Raises:
        NotARun: there is no run at ``path``, or nothing was recorded in it.
        NewerFormat: it was written by a newer lrscope.
        DamagedRecording: none of its recordings can be read.

    Example:
        >>> run = lrscope.read_run("lrscope-runs/example")  # doctest: +SKIP
        >>> run.track("adamw/all").applied[-1]  # doctest: +SKIP
        1e-06
    """
    place = Path(path)
    segments = segments_of(place)
    processes = []
    unreadable = {}
    for each in recordings_in(place):
        try:
            processes.append(read_process(each))
        except DamagedRecording as error:
            unreadable[each.name] = str(error)
    if unreadable and not processes:
        raise DamagedRecording("; ".join(unreadable.values()))
    if not processes:
        so_far = "" if segments[-1].exit_code is not None else " so far"
        msg = f"{place} holds no recording: no optimizer step was seen in it{so_far}"
        raise NotARun(msg)
    return Run(
        path=place,
        segments=tuple(segments),
        processes=tuple(processes),
        unreadable=unreadable,
    )
