"""``lrscope rules``: the rules of the audit and their manual pages."""

from __future__ import annotations

from inspect import cleandoc

import click

from lrscope.audit.audit import rule_called
from lrscope.audit.rules import RULES


@click.command("rules")
@click.argument("rule", required=False)
def command(rule: str | None) -> None:
    """List the rules of lrscope audit, or print the manual page of one.

    RULE is its code or its name.
    """
    if rule is None:
        for each in RULES:
            click.echo(f"{each.code}  {each.severity!s:<8} {each.name}")
        return
    found = rule_called(rule)
    click.echo(f"{found.code} {found.name}   {found.severity}\n")
    click.echo(cleandoc(found.page or ""))
