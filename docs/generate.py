"""Writes the docs that follow from the code, or checks that they are fresh.

python docs/generate.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Callable

from click.testing import CliRunner

from lrscope.capture import launch
from lrscope.cli import exits
from lrscope.cli.main import COMMANDS, main

DOCS = Path(__file__).parent
WIDTH = 80
EXIT_CODES = f"""\
Exit codes of lrscope's own:
{exits.OK} all is well,
{exits.FINDINGS} an audit found something,
{exits.USAGE} the call cannot be carried out,
{exits.BROKEN} the recording cannot be read.
`lrscope run` ends as its command ended;
{launch.NOT_FOUND} if there is no such command,
{launch.NOT_EXECUTABLE} if it cannot be started."""


def command_line() -> str:
    """Return cli.md: the help of every command, as a terminal shows it."""
    sections = [
        "# Command line",
        "<!-- Written by docs/generate.py (make docs); do not edit. -->",
        EXIT_CODES,
    ]
    for name in (None, *COMMANDS):
        words = ["lrscope"] if name is None else ["lrscope", name]
        sections.append(f"## {' '.join(words)}\n\n```text\n{_help(words)}```")
    return "\n\n".join(sections) + "\n"


def _help(words: list[str]) -> str:
    asked = CliRunner().invoke(
        main, [*words[1:], "--help"], prog_name=words[0], terminal_width=WIDTH
    )
    if asked.exit_code:
        msg = f"{' '.join(words)} --help ended with {asked.exit_code}"
        raise RuntimeError(msg) from asked.exception
    return asked.stdout


GENERATED: dict[str, Callable[[], str]] = {"cli.md": command_line}
"""Every generated file of this folder and what writes it."""


def stale() -> list[str]:
    """Return the names of generated files that do not say what the code says."""
    return [
        name
        for name, text in GENERATED.items()
        if not (DOCS / name).exists()
        or (DOCS / name).read_text(encoding="utf-8") != text()
    ]


def run() -> int:
    """Write or check, as asked for on the command line."""
    parser = argparse.ArgumentParser(description="Write the generated docs.")
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    names = stale()
    if parser.parse_args().check:
        for name in names:
            sys.stderr.write(f"docs/{name} is stale; write it anew with: make docs\n")
        return 1 if names else 0
    for name in names:
        (DOCS / name).write_text(GENERATED[name](), encoding="utf-8")
        sys.stdout.write(f"wrote docs/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run())
