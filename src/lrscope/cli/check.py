"""``lrscope check``: what the source of a training script alone proves wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lrscope.audit.finding import Severity
from lrscope.audit.ignores import ignored_rules
from lrscope.check.check import check_files
from lrscope.check.forms import FORMS
from lrscope.cli import exits


@click.command("check")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@click.option("--select", multiple=True, metavar="RULE", help="Only this rule; repeat.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Without this rule.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMS)),
    default="text",
    show_default=True,
    help="The form of the output.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["warning", "error"]),
    default="warning",
    show_default=True,
    help="End with exit code 1 if there is a finding as severe as this.",
)
def command(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
    fail_on: str,
) -> None:
    """Read training scripts, without running them, for mistakes that are certain.

    PATH is a file of Python, a notebook, or a folder of them. RULE is the code or the
    name of a rule; lrscope rules lists them. A comment on the line or above it puts a
    finding aside: # lrscope: ignore[LR101] reason
    """
    put_aside = {**ignored_rules(), **dict.fromkeys(ignore, "--ignore")}
    checked = check_files(paths, select=select, ignore=put_aside)
    text = FORMS[form](checked)
    if text:
        click.echo(text)
    for each in (*checked.unreadable, *checked.misconfigured):
        click.echo(f"lrscope: {each}", err=True)
    worst = max((each.severity for each in checked.findings), default=0)
    if checked.misconfigured:
        sys.exit(exits.USAGE)
    if worst >= Severity[fail_on.upper()]:
        sys.exit(exits.FINDINGS)
    if checked.unreadable and not checked.findings:
        sys.exit(exits.USAGE)
