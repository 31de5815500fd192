"""The command line: one thin file per command; an error is one line and a code."""

from __future__ import annotations

import shlex
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any

import click

from lrscope import __version__
from lrscope.cli import exits
from lrscope.errors import LrscopeError, UsageError

COMMANDS = {
    "run": "Run a command and record its learning rates.",
    "show": "Show with which rates parameters were really updated.",
    "preview": "Draw a schedule and see its mistakes before training.",
    "export": "Write a run as CSV, Parquet or JSON lines.",
    "check": "Read training scripts, without running them, for certain mistakes.",
    "audit": "Say what is wrong with a run, why, and the line to change.",
    "rules": "List the rules of the audit, or print the manual page of one.",
}


class Commands(click.Group):
    """Loads the file of a command when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of first use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's file."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"lrscope.cli.{cmd_name}")
        return module.command  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that words begin with.

        Raises:
            UsageError: There is none of that name.
        """
        is_option = args[0].startswith("-")
        if args[0] not in COMMANDS and not is_option and not ctx.resilient_parsing:
            raise UsageError(_no_command(args))
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Turn our errors into one line on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except LrscopeError as error:
            exits.leave(error)
        except BrokenPipeError:
            sys.exit(exits.OK)


def _no_command(words: list[str]) -> str:
    """Return what to say where the first word is no command."""
    if Path(words[0]).is_dir():
        near = ["show", words[0]]
    elif Path(words[0]).is_file() or which(words[0]):
        near = ["run", *words]
    else:
        near = get_close_matches(words[0], COMMANDS, 1)
    meant = f"did you mean: lrscope {shlex.join(near)}?" if near else "see: lrscope -h"
    return f"there is no command {words[0]!r}; {meant}"


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lrscope")
def main() -> None:
    """Show the learning rate that every parameter group was really updated with.

    \b
        lrscope run python train.py --epochs 20
        lrscope show
    """  # noqa: D301 - click wants the backspace
