"""Trial: the user's command, run with the recorder in it.

It begins before click is loaded where it can (`from_words`), with what takes little to
import: the command waits for us.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time

from lrscope.capture import launch
from lrscope.errors import LrscopeError, UsageError
from lrscope.recording import opening

TYPE_CHECKING = False  # importing typing takes longer than this and all above
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NoReturn

    from lrscope.report.following import Follower


class Trial:
    """What ``lrscope run`` was asked for."""

    def __init__(
        self,
        command: list[str],
        output: str | None = None,
        every: str | None = None,
        effective: str | None = None,
        *,
        audited: bool = False,
    ) -> None:
        """Remember it; nothing is checked yet."""
        self.command = command
        self.output = output
        self.every = every
        self.effective = effective
        self.audited = audited


EFFECTIVE = "--effective"


def from_words(words: Sequence[str]) -> Trial | None:
    """Return what ``run [-o DIR] [--print N] [--effective[=…]] COMMAND…`` asks for.

    None for everything else, which is click's to read, and to refuse in words.
    """
    if words[:1] != ["run"]:
        return None
    given: dict[str, str] = {}
    at = 1
    while at + 1 < len(words):
        name, _, value = words[at].partition("=")
        if name == EFFECTIVE:
            given["e"] = value
            at += 1
        elif words[at] in ("-o", "--output", "--print"):
            given[words[at].lstrip("-")[0]] = words[at + 1]
            at += 2
        else:
            break
    if words[at : at + 1] == ["--"] and words[at + 1 : at + 2] not in ([], ["--"]):
        at += 1
    elif at == len(words) or words[at].startswith("-"):
        return None
    return Trial(list(words[at:]), given.get("o"), given.get("p"), given.get("e"))


def hold(trial: Trial) -> NoReturn:
    """Run the command, tell in a line what was recorded, and end as it ended.

    Raises:
        UsageError: the trial cannot begin as asked for.
    """
    command, output = trial.command, trial.output
    _check_every(trial.every)
    _check_effective(trial.effective)
    ignored = _ignored() if trial.audited else {}
    existed = output is not None and os.path.exists(output or os.curdir)
    run = opening.new_run(command) if output is None else opening.chosen_run(output)
    segment = opening.begin_segment(run, command)
    follower = _follower(segment, ignored) if trial.audited else None
    begin = follower.start if follower else _get_ready
    with _notes() as notes:
        variables = launch.environment(
            run, segment.number, notes, every=trial.every, effective=trial.effective
        )
        try:
            code = launch.launch(launch.resolve(command), variables, begin)
        except OSError as error:
            from lrscope.cli.meant import instead_of

            opening.drop_segment(segment, with_run=not existed)
            hint = instead_of(command[0], error)
            _tell(f"cannot start {command[0]!r}: {error.strerror}{hint}")
            missing = isinstance(error, FileNotFoundError)
            sys.exit(launch.NOT_FOUND if missing else launch.NOT_EXECUTABLE)
        left = _left_in(notes)
    opening.end_segment(segment, code)
    if follower:
        follower.finish()
    try:
        _tell(_summary(trial, segment, code, existed=existed, left=left))
    except (LrscopeError, OSError) as error:
        _tell(str(error))
    launch.end_like(code)


def _ignored() -> dict[str, str]:
    """Return what pyproject.toml ignores; if it is wrong, say so before the command."""
    from lrscope.cli.audit import ignored_here

    return ignored_here()


def _follower(segment: opening.Opened, ignored: dict[str, str]) -> Follower:
    from pathlib import Path

    from lrscope.report.following import Follower, print_finding

    return Follower(Path(segment.run), segment.number, print_finding, ignored)


@contextlib.contextmanager
def _notes() -> Iterator[str]:
    """Make a directory in which recorders leave why they stopped, for a while."""
    above = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - mkdir takes no other's
    notes = os.path.join(
        os.path.abspath(above), f"lrscope-{os.getpid()}-{time.time_ns():x}"
    )
    try:
        os.mkdir(notes, 0o700)
    except OSError:
        import tempfile  # knows where else; 4 ms

        notes = tempfile.mkdtemp(prefix="lrscope-")
    try:
        yield notes
    finally:
        with contextlib.suppress(OSError):
            for each in os.listdir(notes):
                os.unlink(os.path.join(notes, each))
            os.rmdir(notes)


def _left_in(notes: str) -> dict[str, str]:
    """Return the notes that recorders left, by name."""
    left = {}
    with contextlib.suppress(OSError):
        for name in os.listdir(notes):
            left[name] = ""
            with open(os.path.join(notes, name), encoding="utf-8") as file:
                left[name] = file.read()
    return left


def _get_ready() -> None:
    """Load what the closing line usually needs while the command starts.

    NumPy is not among it: loading it takes a tenth of a second from the command.
    """
    import lrscope.report.closing  # noqa: F401


def _check_every(every: str | None) -> None:
    if every is None or every in ("step", "epoch"):
        return
    if not every.isdecimal() or int(every) < 1:
        msg = f"--print needs step, epoch or a number of steps, got {every!r}"
        raise UsageError(msg)


def _check_effective(effective: str | None) -> None:
    if effective:  # alone it asks for the usual
        from lrscope.capture.effective.wanted import wanted

        wanted(effective)


def _summary(
    trial: Trial,
    segment: opening.Opened,
    code: int,
    *,
    existed: bool,
    left: dict[str, str],
) -> str:
    from lrscope.report.closing import closing_line, nothing_seen

    logs = opening.logs_of(segment)
    if logs:
        return closing_line(segment.run, segment.number, logs)
    opening.drop_segment(segment, with_run=not existed)
    untold = [left[name] for name in sorted(left) if name.endswith(launch.UNTOLD)]
    if len(left) > len(untold):
        return "nothing was recorded, for the reason above"
    if code:
        from lrscope.cli.meant import why_unseen

        return nothing_seen(code) + why_unseen(trial.command)
    return nothing_seen(code, *untold[:1])


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads it
        sys.stderr.write(f"lrscope: {text}\n")
