"""``lrscope rules``: the rules of audit and check, and their manual pages."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING

import click

from lrscope.audit.rules import RULES
from lrscope.check.rules import STATIC_RULES
from lrscope.errors import UsageError

if TYPE_CHECKING:
    from lrscope.audit.rule import Rule
    from lrscope.check.rule import StaticRule


@click.command("rules")
@click.argument("rule", required=False)
def command(rule: str | None) -> None:
    """List the rules of audit and check, or print the manual page of one.

    RULE is its code or its name. Of any other word, the rules that speak of it.
    """
    if rule is None:
        for each in all_rules():
            click.echo(f"{each.code}  {each.severity!s:<8} {each.name}")
        return
    found = _called(rule)
    if found is None:
        _tell_of(rule)
        return
    click.echo(f"{found.code} {found.name}   {found.severity}, {found_by(found)}\n")
    click.echo(cleandoc(found.page or ""))


def all_rules() -> tuple[Rule | StaticRule, ...]:
    """Return every rule once, by code; the audit's page is the fuller one."""
    by_code: dict[str, Rule | StaticRule] = {
        each.code: each for each in (*STATIC_RULES, *RULES)
    }
    return tuple(by_code[code] for code in sorted(by_code))


def found_by(rule: Rule | StaticRule) -> str:
    """Return the commands that find a mistake, in words."""
    found = ["lrscope audit"] * any(each.code == rule.code for each in RULES)
    found += ["lrscope check"] * any(each.code == rule.code for each in STATIC_RULES)
    return f"found by {' and '.join(found)}"


def _called(name: str) -> Rule | StaticRule | None:
    for each in all_rules():
        if name.upper() == each.code or name == each.name:
            return each
    return None


def _tell_of(word: str) -> None:
    """List the rules that a word stands in, each with its first line."""
    found = [each for each in all_rules() if word.lower() in _text(each).lower()]
    if not found:
        msg = f"there is no rule {word!r}, and none speaks of it; "
        msg += "lrscope rules lists them all"
        raise UsageError(msg)
    for each in found:
        click.echo(f"{each.code}  {each.severity!s:<8} {each.name}")
        click.echo(f"       {cleandoc(each.page or '').partition(chr(10))[0]}")


def _text(rule: Rule | StaticRule) -> str:
    return f"{rule.code} {rule.name} {' '.join((rule.page or '').split())}"
