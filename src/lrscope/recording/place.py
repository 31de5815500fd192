"""Place: where runs lie on disk, and the segments that make up a run.

A run is a directory. Each ``lrscope run`` into it is a segment, announced by a file
``segmentNNN.json``; the recordings of its processes lie beside it as
``segmentNNN-[rankR-]pidP.lrs`` and, while a process lives, ``.tail``.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from lrscope.errors import NewerFormat, NotARun
from lrscope.recording.log import FORMAT
from lrscope.recording.opening import RUNS, check, latest, segment_files

MOST = 8
"""Runs that a message names."""


class Segment(NamedTuple):
    """One ``lrscope run`` into a run's directory.

    Attributes:
        number: from 0, in order of start.
        path: of the file that announces it.
        command: what was run, values of secret-looking options hidden.
        started: seconds since 1970.
        ended: seconds since 1970; None while it goes on or if it was killed.
        exit_code: as Python's subprocess gives it; None like ``ended``.
    """

    number: int
    path: Path
    command: tuple[str, ...]
    started: float
    ended: float | None = None
    exit_code: int | None = None


def segments_of(run: Path) -> list[Segment]:
    """Return the segments of a run in order.

    Raises:
        NotARun: there is no such directory or it holds no run.
        NewerFormat: it was written by a newer lrscope.
    """
    if not run.exists():
        msg = f"expected the directory of a run, got {run}, which does not exist"
        near = get_close_matches(run.name, _runs_in(run.parent), 1)
        msg += f"; did you mean {run.parent / near[0]}?" if near else ""
        raise NotARun(msg)
    if not run.is_dir():
        msg = f"expected the directory of a run, got the file {run}"
        raise NotARun(msg)
    segments = [_read(Path(path), number) for number, path in segment_files(run)]
    if not segments:
        msg = f"expected the directory of a run, got {run}, in which there is no "
        within = _runs_in(run)
        more = ", …" if len(within) > MOST else ""
        msg += (
            f"segment000.json; the runs in it: {', '.join(within[:MOST])}{more}"
            if within
            else "segment000.json; record one with: lrscope run -o DIR COMMAND"
        )
        raise NotARun(msg)
    return segments


def _runs_in(folder: Path) -> list[str]:
    """Return the names of the runs in a folder."""
    return sorted(each.parent.name for each in folder.glob("*/segment000.json"))


def _read(path: Path, number: int) -> Segment:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = data.pop("format")
        written = data.pop("check", None)
        if version == FORMAT and written == check(data):
            return Segment(
                number=number,
                path=path,
                command=tuple(data["command"]),
                started=float(data["started"]),
                ended=data.get("ended"),
                exit_code=data.get("exit_code"),
            )
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        version = None
    if isinstance(version, int) and version > FORMAT:
        msg = f"{path}: this lrscope reads recordings of format {FORMAT}, got format "
        msg += f"{version}; upgrade lrscope to read it"
        raise NewerFormat(msg)
    return Segment(number, path, (), path.stat().st_mtime)  # damaged: it says nothing


def latest_run(*, even_without_step: bool = False) -> Path:
    """Return the run below `RUNS` with a recording that was begun or continued last.

    Args:
        even_without_step: whether it may be one that goes on and took no step yet.

    Raises:
        NotARun: there is none.
    """
    found = latest(even_without_step=even_without_step)
    if found is None:
        begun = len(list(Path(RUNS).glob("*/segment000.json")))
        msg = f"there is no run in {RUNS}/ here"
        if begun:
            several = f"any of the {begun} runs" if begun > 1 else "the only run"
            msg = f"no optimizer step was seen in {several} in {RUNS}/ here"
        msg += "; name one, or record one with: lrscope run python train.py"
        raise NotARun(msg)
    return Path(found)


def recordings_in(run: Path) -> list[Path]:
    """Return the log files of a run's processes, in order of segment and rank."""
    return sorted(run.glob("segment*.lrs"), key=_natural)


def _natural(path: Path) -> list[Any]:
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", path.name)]
