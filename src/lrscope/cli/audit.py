"""``lrscope audit``: what is wrong with a run, why, and the line to change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrscope.audit.audit import audit_run
from lrscope.audit.ignores import ignored_rules
from lrscope.audit.plan import Plan
from lrscope.audit.rules import RULES
from lrscope.audit.running import goes_on, so_far
from lrscope.check.comment import is_rule
from lrscope.cli.judging import judging
from lrscope.errors import UsageError
from lrscope.recording.place import latest_run
from lrscope.recording.run import read_run
from lrscope.report.findings_github import as_github
from lrscope.report.findings_json import as_json
from lrscope.report.findings_markdown import as_markdown
from lrscope.report.findings_sarif import as_sarif
from lrscope.report.findings_text import as_text, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lrscope.audit.audit import Audit
    from lrscope.cli.judging import Wanted

FORMS: dict[str, Callable[[Sequence[Audit]], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "markdown": as_markdown,
}
"""Forms of output and what writes each."""


@click.command("audit")
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
@click.option(
    "--plan",
    "plans",
    multiple=True,
    metavar="[GROUP=]SPEC",
    help="What the rates were meant to be, counted in updates; repeat.",
)
@judging(FORMS)
def command(runs: tuple[Path, ...], plans: tuple[str, ...], wanted: Wanted) -> None:
    """Say what is wrong with a run, why, and the line to change.

    RUN is the directory of a run; by default the latest below lrscope-runs/. RULE is
    the code or the name of a rule; lrscope rules lists them. SPEC is a schedule, such
    as 'warmup(500) >> cosine(9_500)': a factor of the rate that each group was made
    with, or with .absolute(0.1) the rates; GROUP= says for which group.
    """
    plan = Plan.of(*plans) if plans else None
    put_aside = {**ignored_here(), **wanted.ignore}
    audits = []
    for each in runs or (latest_run(),):
        run = read_run(each)
        audit = audit_run(run, plan=plan, select=wanted.select, ignore=put_aside)
        if goes_on(run):
            audit = so_far(run, audit, ignore=put_aside)
            told = f"{each} goes on, or was killed: only what is certain by now is told"
            click.echo(f"lrscope: {told}", err=True)
        audits.append(audit)
    _print(audits, wanted.form)
    wanted.fail_if(found.severity for each in audits for found in each.findings)


def ignored_here() -> dict[str, str]:
    """Return the rules of the audit that pyproject.toml ignores; others are checked."""
    listed = ignored_rules()
    for each in listed:
        if not is_rule(each):
            msg = f"pyproject.toml ignores {each!r}, and there is no such rule; "
            msg += "lrscope rules lists them all"
            raise UsageError(msg)
    known = {name for rule in RULES for name in (rule.code, rule.name)}
    return {each: why for each, why in listed.items() if each in known}


def _print(audits: Sequence[Audit], form: str) -> None:
    """Print to stdout; text with colours and broken lines if that is a terminal."""
    if form != "text" or not sys.stdout.isatty():
        text = FORMS[form](audits)
        if text:
            click.echo(text)
        return
    from rich.console import Console

    console = Console(highlight=False)
    for line in lines_of(audits, console.width):
        console.print(line, soft_wrap=True)
