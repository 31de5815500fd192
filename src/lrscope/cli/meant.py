"""Meant: what was probably meant by a command that came to nothing.

It is loaded when that is known, so that no command waits for it.
"""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path

TYPE_CHECKING = False  # see `lrscope.cli.trial`
if TYPE_CHECKING:
    from collections.abc import Sequence

SHELLS = (".sh", ".bash")


def instead_of(word: str, error: OSError) -> str:
    """Return what to type instead of a word that cannot be started, if it is clear."""
    if word.isdecimal():
        return f"; did you mean --effective=every={word} or --print {word}?"
    key, given, _ = word.partition("=")
    if given and key in ("every", "budget", "by"):
        return f"; did you mean --effective={word}?"
    if Path(word).is_file():
        return _of_file(word, error)
    return ""


def _of_file(word: str, error: OSError) -> str:
    """Return how to run a file that lies here."""
    has_form = error.errno != errno.ENOEXEC
    if has_form and os.access(word, os.X_OK):
        if os.sep in word:
            return ""
        return f"; for the file here type: lrscope run {shlex.quote(f'./{word}')}"
    if word.endswith(SHELLS):
        return f"; type: lrscope run bash {shlex.quote(word)}"
    return "; it is a file that is not executable: name the program that runs it, too"


def why_unseen(command: Sequence[str]) -> str:
    """Return why a command that failed may have trained unseen, if it shows."""
    return _isolated(command) or _without_torch(command)


def _isolated(command: Sequence[str]) -> str:
    """Return a hint if a Python is told to load nothing, the recorder neither."""
    options = command[1:] if Path(command[0]).name.startswith("python") else ()
    for word in options:
        if not word.startswith("-") or word in ("-m", "-c"):
            break
        if not {"I", "E", "S"}.isdisjoint(word):
            return f"; {word} runs an isolated Python, which loads no recorder"
    return ""


def _without_torch(command: Sequence[str]) -> str:
    """Return a hint if the Python that a shorthand stands for has no torch."""
    from importlib.util import find_spec

    if command[0] != "-m" and not command[0].endswith(".py"):
        return ""
    if find_spec("torch") is not None:
        return ""
    shown = shlex.join(["python", *command[: 1 + (command[0] == "-m")]])
    return f"; the Python that lrscope runs on has no torch, try: lrscope run {shown}"
