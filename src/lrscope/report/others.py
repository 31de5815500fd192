"""Others: the processes of a run beside the one that is shown, by what chooses them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.recording.process import Process
    from lrscope.recording.run import Run

MOST = 4
"""Processes that are named; more are only counted."""

LONGEST = 48
"""Characters of a command that are shown."""


def others_beside(process: Process, run: Run) -> str:
    """Return how many more its segment has, and what names those that have no rank.

    "" if there are none.
    """
    beside = (each for each in run.processes if each.segment == process.segment)
    others = [each for each in beside if each.path != process.path]
    if not others:
        return ""
    counted = f"{len(others)} more recorded process{'es' * (len(others) > 1)}"
    alone = [each for each in others if each.rank is None]
    return f"{counted} ({named(alone, '--pid ')})" if alone else counted


def named(processes: Sequence[Process], before: str = "") -> str:
    """Return processes by pid and command, such as "712: python train.py"."""
    found = [f"{before}{each.pid}: {_command(each)}" for each in processes[:MOST]]
    return ", ".join([*found, *["…"] * (len(processes) > MOST)])


def _command(process: Process) -> str:
    program, *arguments = process.command or ("",)
    text = " ".join([Path(program).name, *arguments])
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
