"""Trial: the user's command, run with the recorder in it.

It begins before click is loaded where it can (`from_words`), and what its end takes
is loaded while the command runs: a short training should not wait for us.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lrscope.capture import launch
from lrscope.capture.effective.wanted import wanted
from lrscope.errors import LrscopeError, UsageError
from lrscope.recording import place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from lrscope.report.following import Follower


class Trial(NamedTuple):
    """What ``lrscope run`` was asked for."""

    command: list[str]
    output: Path | None = None
    every: str | None = None
    effective: str | None = None
    audited: bool = False


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
    output = Path(given["o"]) if "o" in given else None
    return Trial(list(words[at:]), output, given.get("p"), given.get("e"))


def hold(trial: Trial) -> NoReturn:
    """Run the command, tell in a line what was recorded, and end as it ended.

    Raises:
        UsageError: the trial cannot begin as asked for.
    """
    command, output, every, effective, audited = trial
    _check_every(every)
    if effective is not None:
        wanted(effective)
    ignored = _ignored() if audited else {}
    existed = output is not None and output.exists()
    run = place.chosen_run(output) if output else place.new_run(command)
    segment = place.begin_segment(run, command)
    follower = _follower(run, segment, ignored) if audited else None
    begin = follower.start if follower else _get_ready
    with tempfile.TemporaryDirectory(
        prefix="lrscope-", ignore_cleanup_errors=True
    ) as notes:
        variables = launch.environment(
            run, segment.number, notes, every=every, effective=effective
        )
        try:
            code = launch.launch(launch.resolve(command), variables, begin)
        except OSError as error:
            place.drop_segment(segment, with_run=not existed)
            _tell(f"cannot start {command[0]!r}: {error.strerror}{_hint(command[0])}")
            missing = isinstance(error, FileNotFoundError)
            sys.exit(launch.NOT_FOUND if missing else launch.NOT_EXECUTABLE)
        told = any(os.scandir(notes))
    place.end_segment(segment, code)
    if follower:
        follower.finish()
    try:
        _tell(_summary(run, segment, code, existed=existed, told=told))
    except (LrscopeError, OSError) as error:
        _tell(str(error))
    launch.end_like(code)


def _ignored() -> dict[str, str]:
    """Return what pyproject.toml ignores; if it is wrong, say so before the command."""
    from lrscope.cli.audit import ignored_here

    return ignored_here()


def _follower(run: Path, segment: place.Segment, ignored: dict[str, str]) -> Follower:
    from lrscope.report.following import Follower, print_finding

    return Follower(run, segment.number, print_finding, ignored)


def _get_ready() -> None:
    """Load what the closing line needs while the command runs."""
    with contextlib.suppress(ImportError):  # then the closing line says so
        import lrscope.report.summary  # noqa: F401


def _hint(word: str) -> str:
    """Return what a word that is no command was meant as, if it looks like that."""
    if word.isdecimal():
        return f"; did you mean {EFFECTIVE}=every={word} or --print {word}?"
    key, given, _ = word.partition("=")
    if given and key in ("every", "budget", "by"):
        return f"; did you mean {EFFECTIVE}={word}?"
    return ""


def _check_every(every: str | None) -> None:
    if every is None or every in ("step", "epoch"):
        return
    if not every.isdecimal() or int(every) < 1:
        msg = f"--print needs step, epoch or a number of steps, got {every!r}"
        raise UsageError(msg)


def _summary(
    run: Path, segment: place.Segment, code: int, *, existed: bool, told: bool
) -> str:
    from lrscope.report.summary import nothing_seen, summary_of

    recorded = [
        path
        for path in place.recordings_in(run)
        if path.name.startswith(segment.path.stem)
    ]
    if recorded:
        return summary_of(run, segment.number)
    place.drop_segment(segment, with_run=not existed)
    if told:
        return "nothing was recorded, for the reason above"
    return nothing_seen(code)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads it
        sys.stderr.write(f"lrscope: {text}\n")
