"""The command line: one thin file per command; an error is one line and a code."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from lrscope import __version__
from lrscope.cli import exits
from lrscope.errors import LrscopeError

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


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lrscope")
def main() -> None:
    """Show the learning rate that every parameter group was really updated with.

    \b
        lrscope run python train.py --epochs 20
        lrscope show
    """  # noqa: D301 - click wants the backspace
