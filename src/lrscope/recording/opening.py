"""Opening: makes the directory of a run, and announces its segments in it.

The launcher does this before a command starts, so this file takes little to import:
neither pathlib nor typing. What reads a run is in `lrscope.recording.place`.
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib

from lrscope.errors import UsageError
from lrscope.recording.command import without_secrets
from lrscope.recording.log import FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Place = str | os.PathLike[str]

RUNS = "lrscope-runs"
"""Where runs go that were not given a place, below the current directory."""

_SEGMENT = re.compile(r"segment(\d{3,})\.json")


class Opened:
    """A segment that was announced.

    Attributes:
        run: directory of the run.
        number: from 0, in order of start.
        path: of the file that announces it.
        command: what was run, values of secret-looking options hidden.
        started: seconds since 1970.
    """

    def __init__(self, run: str, number: int, command: list[str]) -> None:
        """Begin now; nothing is written yet."""
        self.run = run
        self.number = number
        self.path = os.path.join(run, f"segment{number:03d}.json")
        self.command = command
        self.started = time.time()

    def as_json(self, **more: Any) -> str:
        """Return what the file says of it."""
        data = {
            "segment": self.number,
            "command": self.command,
            "started": self.started,
            **more,
        }
        return json.dumps({"format": FORMAT, **data, "check": check(data)})


def check(data: dict[str, Any]) -> int:
    """Return the CRC-32 of what a segment says of itself."""
    return zlib.crc32(json.dumps(data, sort_keys=True).encode())


def new_run(command: list[str]) -> str:
    """Create and return a directory for a run, named by UTC time and script."""
    now = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    name = f"{now}-{_script_name(command)}"
    for attempt in range(1, 1000):
        path = os.path.join(RUNS, name if attempt == 1 else f"{name}-{attempt}")
        try:
            os.makedirs(path)
        except FileExistsError:
            continue
        except OSError as error:
            msg = f"cannot create {path}: {error.strerror}; choose a place with -o DIR"
            raise UsageError(msg) from error
        return path
    msg = f"there are 1000 runs named {name} already; choose a place with -o DIR"
    raise UsageError(msg)


def _script_name(command: list[str]) -> str:
    scripts = [_stem(each) for each in command if each.endswith((".py", ".sh"))]
    modules = [b for a, b in zip(command, command[1:]) if a == "-m"]
    name = (scripts or modules[-1:] or [_stem(command[0])])[0]
    return re.sub(r"[^\w.-]+", "-", name)[:60] or "run"


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path.rstrip("/")))[0]


def chosen_run(path: Place) -> str:
    """Return ``path`` if a segment may be written to it, created if need be.

    Raises:
        UsageError: it is a file, or a directory with something else in it.
    """
    run = os.fspath(path) or os.curdir
    run = run.rstrip(os.sep) or os.sep
    if os.path.exists(run) and not os.path.isdir(run):
        msg = f"-o needs a directory for the run, got the file {run}; name another"
        raise UsageError(msg)
    try:
        os.makedirs(run, exist_ok=True)
        occupied = bool(os.listdir(run)) and not segment_files(run)
    except OSError as error:
        msg = f"cannot write to {run}: {error.strerror}; choose another place with -o"
        raise UsageError(msg) from error
    if occupied:
        msg = f"-o needs a new or empty directory or an earlier run, got {run} with "
        msg += "other files in it; name another, so that nothing is mixed up"
        raise UsageError(msg)
    return run


def begin_segment(run: Place, command: list[str]) -> Opened:
    """Announce a new segment in ``run``, after all earlier ones.

    Raises:
        UsageError: the directory cannot be written to.
    """
    place = os.fspath(run)
    number = 1 + max((number for number, _ in segment_files(place)), default=-1)
    while True:
        segment = Opened(place, number, without_secrets(command))
        try:
            with open(segment.path, "x", encoding="utf-8") as file:
                file.write(segment.as_json())
        except FileExistsError:  # another lrscope run was quicker
            number += 1
            continue
        except OSError as error:
            msg = f"cannot write to {run}: {error.strerror}; choose a place with -o DIR"
            raise UsageError(msg) from error
        return segment


def end_segment(segment: Opened, exit_code: int) -> None:
    """Note how a segment ended; a full disk or a vanished directory is no matter."""
    draft = f"{segment.path}.new"
    try:
        with open(draft, "w", encoding="utf-8") as file:
            file.write(segment.as_json(ended=time.time(), exit_code=exit_code))
        os.replace(draft, segment.path)
    except OSError:
        pass


def drop_segment(segment: Opened, *, with_run: bool) -> None:
    """Take back a segment in which nothing was recorded, and its empty run."""
    above = os.path.dirname(segment.run)
    try:
        os.unlink(segment.path)
        if with_run:
            os.rmdir(segment.run)
        if os.path.basename(above) == RUNS:
            os.rmdir(above)
    except OSError:
        pass  # not empty, or not ours


def logs_of(segment: Opened) -> list[str]:
    """Return the logs of the processes of a segment, none if its run has vanished."""
    return _logs_in(segment.run, segment.number)


def _logs_in(run: str, segment: int) -> list[str]:
    ours = f"segment{segment:03d}-"
    try:
        names = os.listdir(run)
    except OSError:
        return []
    return [
        os.path.join(run, name)
        for name in names
        if name.startswith(ours) and name.endswith(".lrs")
    ]


def latest(*, even_without_step: bool = False) -> str | None:
    """Return the run below `RUNS` that was begun or continued last, if there is one.

    Args:
        even_without_step: whether it may be one that goes on and took no step yet.
    """
    found = [
        (os.stat(path).st_mtime, run)
        for run in _below(RUNS)
        for number, path in segment_files(run)
        if _logs_in(run, number) or (even_without_step and _goes_on(path))
    ]
    return max(found)[1] if found else None


def _goes_on(path: str) -> bool:
    """Say whether the file that announces a segment tells no end of it."""
    try:
        with open(path, encoding="utf-8") as file:
            return "ended" not in json.load(file)
    except (OSError, ValueError, TypeError):
        return False


def _below(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return [each.path for each in entries if each.is_dir()]
    except OSError:
        return []


def segment_files(run: Place) -> list[tuple[int, str]]:
    """Return the number of each segment of a run and the file that announces it."""
    found = []
    for name in os.listdir(run):
        match = _SEGMENT.fullmatch(name)
        if match:
            found.append((int(match[1]), os.path.join(run, name)))
    return sorted(found)
