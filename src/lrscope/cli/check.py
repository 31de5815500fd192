"""``lrscope check``: what the source of a training script alone proves wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrscope.audit.ignores import ignored_rules
from lrscope.check.check import check_files
from lrscope.cli import exits
from lrscope.cli.judging import judging
from lrscope.report.checked import FORMS

if TYPE_CHECKING:
    from lrscope.cli.judging import Wanted


@click.command("check")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@judging(FORMS)
def command(paths: tuple[Path, ...], wanted: Wanted) -> None:
    """Read training scripts, without running them, for mistakes that are certain.

    PATH is a file of Python, a notebook, or a folder of them. RULE is the code or the
    name of a rule; lrscope rules lists them. A comment on the line or above it puts a
    finding aside: # lrscope: ignore[LR101] reason
    """
    put_aside = {**ignored_rules(), **wanted.ignore}
    checked = check_files(paths, select=wanted.select, ignore=put_aside)
    text = FORMS[wanted.form](checked)
    if text:
        click.echo(text)
    for each in (*checked.unreadable, *checked.misconfigured):
        click.echo(f"lrscope: {each}", err=True)
    if checked.misconfigured:
        sys.exit(exits.USAGE)
    wanted.fail_if(each.severity for each in checked.findings)
    if checked.unreadable and not checked.findings:
        sys.exit(exits.USAGE)
