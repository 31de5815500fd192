"""Judging: the options of commands that look for mistakes, and when they fail."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import click

from lrscope.audit.finding import Severity
from lrscope.cli import exits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Command = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to hear of.

    Attributes:
        select: the only rules to try; empty for all.
        ignore: rules to leave out, and why.
        form: of the output.
        fail_on: how severe a finding must be to fail.
    """

    select: tuple[str, ...]
    ignore: dict[str, str]
    form: str
    fail_on: Severity

    def fail_if(self, found: Iterable[Severity]) -> None:
        """End this process if any finding is severe enough."""
        if any(each >= self.fail_on for each in found):
            sys.exit(exits.FINDINGS)


def _each(given: Iterable[str]) -> Iterator[str]:
    """Yield the names of rules, of which an option may be given several."""
    for names in given:
        yield from filter(None, map(str.strip, names.split(",")))


def judging(forms: Iterable[str]) -> Callable[[Command], Command]:
    """Give a command the options that say what is wanted, and it the answer."""
    options = (
        click.option(
            "--select", multiple=True, metavar="RULE", help="Only this rule, or A,B."
        ),
        click.option(
            "--ignore", multiple=True, metavar="RULE", help="Without this rule, or A,B."
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(list(forms)),
            default="text",
            show_default=True,
            help="The form of the output.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["warning", "error"]),
            default="warning",
            show_default=True,
            help="End with exit code 1 if there is a finding as severe as this.",
        ),
    )

    def decorate(command: Command) -> Command:
        @wraps(command)
        def told(
            *,
            select: tuple[str, ...],
            ignore: tuple[str, ...],
            form: str,
            fail_on: str,
            **others: object,
        ) -> None:
            wanted = Wanted(
                select=tuple(_each(select)),
                ignore=dict.fromkeys(_each(ignore), "--ignore"),
                form=form,
                fail_on=Severity[fail_on.upper()],
            )
            command(wanted=wanted, **others)

        found: Command = told
        for option in reversed(options):
            found = option(found)
        return found

    return decorate
