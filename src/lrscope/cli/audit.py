"""``lrscope audit``: what is wrong with a run, why, and the line to change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrscope.audit.audit import audit_run
from lrscope.audit.finding import Severity
from lrscope.cli import exits
from lrscope.recording.place import latest_run
from lrscope.recording.run import read_run
from lrscope.report.findings_json import as_json
from lrscope.report.findings_text import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lrscope.audit.audit import Audit

FORMS: dict[str, Callable[[Sequence[Audit]], str]] = {"text": as_text, "json": as_json}
"""Forms of output and what writes each."""


@click.command("audit")
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
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
    runs: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
    fail_on: str,
) -> None:
    """Say what is wrong with a run, why, and the line to change.

    RUN is the directory of a run; by default the latest below lrscope-runs/. RULE is
    the code or the name of a rule; lrscope rules lists them.
    """
    limit = Severity[fail_on.upper()]
    audits = [
        audit_run(read_run(each), select=select, ignore=ignore)
        for each in runs or (latest_run(),)
    ]
    click.echo(FORMS[form](audits))
    if any(found.severity >= limit for each in audits for found in each.findings):
        sys.exit(exits.FINDINGS)
