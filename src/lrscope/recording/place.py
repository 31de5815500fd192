"""Place: where runs lie on disk, and the segments that make up a run.

A run is a directory. Each ``lrscope run`` into it is a segment, announced by a file
``segmentNNN.json``; the recordings of its processes lie beside it as
``segmentNNN-[rankR-]pidP.lrs`` and, while a process lives, ``.tail``.
"""

from __future__ import annotations

import json
import re
import time
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from lrscope.errors import NewerFormat, NotARun, UsageError
from lrscope.recording.command import without_secrets
from lrscope.recording.log import FORMAT

RUNS = "lrscope-runs"
"""Where runs go that were not given a place, below the current directory."""

_SEGMENT = re.compile(r"segment(\d{3,})\.json")


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


def new_run(command: list[str]) -> Path:
    """Create and return a directory for a run, named by UTC time and script."""
    now = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    name = f"{now}-{_script_name(command)}"
    for attempt in range(1, 1000):
        path = Path(RUNS, name if attempt == 1 else f"{name}-{attempt}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            msg = f"cannot create {path}: {error.strerror}; choose a place with -o DIR"
            raise UsageError(msg) from error
        return path
    msg = f"there are 1000 runs named {name} already; choose a place with -o DIR"
    raise UsageError(msg)


def _script_name(command: list[str]) -> str:
    scripts = [Path(each).stem for each in command if each.endswith((".py", ".sh"))]
    modules = [b for a, b in zip(command, command[1:]) if a == "-m"]
    name = (scripts or modules[-1:] or [Path(command[0]).stem])[0]
    return re.sub(r"[^\w.-]+", "-", name)[:60] or "run"


def chosen_run(path: Path) -> Path:
    """Return ``path`` if a segment may be written to it, created if need be.

    Raises:
        UsageError: it is a file, or a directory with something else in it.
    """
    if path.exists() and not path.is_dir():
        msg = f"-o needs a directory for the run, got the file {path}; name another"
        raise UsageError(msg)
    try:
        path.mkdir(parents=True, exist_ok=True)
        occupied = any(path.iterdir()) and not _segment_files(path)
    except OSError as error:
        msg = f"cannot write to {path}: {error.strerror}; choose another place with -o"
        raise UsageError(msg) from error
    if occupied:
        msg = f"-o needs a new or empty directory or an earlier run, got {path} with "
        msg += "other files in it; name another, so that nothing is mixed up"
        raise UsageError(msg)
    return path


def begin_segment(run: Path, command: list[str]) -> Segment:
    """Announce a new segment in ``run``, after all earlier ones.

    Raises:
        UsageError: the directory cannot be written to.
    """
    number = 1 + max((int(n) for n, _ in _segment_files(run)), default=-1)
    while True:
        path = run / f"segment{number:03d}.json"
        segment = Segment(number, path, tuple(without_secrets(command)), time.time())
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump(_plain(segment), file)
        except FileExistsError:  # another lrscope run was quicker
            number += 1
            continue
        except OSError as error:
            msg = f"cannot write to {run}: {error.strerror}; choose a place with -o DIR"
            raise UsageError(msg) from error
        return segment


def end_segment(segment: Segment, exit_code: int) -> None:
    """Note how a segment ended; a full disk or a vanished directory is no matter."""
    ended = _plain(segment, ended=time.time(), exit_code=exit_code)
    draft = segment.path.with_suffix(".json.new")
    try:
        draft.write_text(json.dumps(ended), encoding="utf-8")
        draft.replace(segment.path)
    except OSError:
        pass


def drop_segment(segment: Segment, *, with_run: bool) -> None:
    """Take back a segment in which nothing was recorded, and its empty run."""
    run = segment.path.parent
    try:
        segment.path.unlink()
        if with_run:
            run.rmdir()
        if run.parent.name == RUNS:
            run.parent.rmdir()
    except OSError:
        pass  # not empty, or not ours


def segments_of(run: Path) -> list[Segment]:
    """Return the segments of a run in order.

    Raises:
        NotARun: there is no such directory or it holds no run.
        NewerFormat: it was written by a newer lrscope.
    """
    if not run.exists():
        msg = f"expected the directory of a run, got {run}, which does not exist"
        raise NotARun(msg)
    if not run.is_dir():
        msg = f"expected the directory of a run, got the file {run}"
        raise NotARun(msg)
    segments = [_read(path, int(number)) for number, path in _segment_files(run)]
    if not segments:
        msg = f"expected the directory of a run, got {run}, in which there is no "
        msg += "segment000.json; record one with: lrscope run -o DIR COMMAND"
        raise NotARun(msg)
    return segments


def _read(path: Path, number: int) -> Segment:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = data.pop("format")
        check = data.pop("check", None)
        if version == FORMAT and check == _check(data):
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


def latest_run() -> Path:
    """Return the run below `RUNS` that was begun or continued last.

    Raises:
        NotARun: there is none.
    """
    announced = [
        (path.stat().st_mtime, path.parent)
        for path in Path(RUNS).glob("*/segment*.json")
    ]
    if not announced:
        msg = f"there is no run in {RUNS}/ here; name one, or record one with: "
        msg += "lrscope run python train.py"
        raise NotARun(msg)
    return max(announced)[1]


def recordings_in(run: Path) -> list[Path]:
    """Return the log files of a run's processes, in order of segment and rank."""
    return sorted(run.glob("segment*.lrs"), key=_natural)


def _natural(path: Path) -> list[Any]:
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", path.name)]


def _segment_files(run: Path) -> list[tuple[str, Path]]:
    found = []
    for path in sorted(run.iterdir(), key=_natural):
        match = _SEGMENT.fullmatch(path.name)
        if match:
            found.append((match[1], path))
    return found


def _plain(segment: Segment, **more: Any) -> dict[str, Any]:
    data = {
        "segment": segment.number,
        "command": list(segment.command),
        "started": segment.started,
        **more,
    }
    return {"format": FORMAT, **data, "check": _check(data)}


def _check(data: dict[str, Any]) -> int:
    """Return the CRC-32 of what a segment says of itself."""
    return zlib.crc32(json.dumps(data, sort_keys=True).encode())
