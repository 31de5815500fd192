"""Terminal: a page as a table, the ratios and a curve."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from lrscope.report import curves
from lrscope.report.columns import table
from lrscope.report.few import few_of, names_of
from lrscope.report.moving import movement
from lrscope.report.numbers import known, rate

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lrscope.report.page import Page


SOME = "lrscope show --group NAME shows some of them"


def rendered(
    page: Page, width: int, *, color: bool, whole: bool = False
) -> RenderableType:
    """Return a page as something a Rich console prints.

    Args:
        page: what to show.
        width: columns of the terminal.
        color: whether the terminal shows colours.
        whole: whether to show all groups, however many they are.
    """
    parts: list[RenderableType] = [
        Text.assemble((page.run, "bold"), f"  {page.process} · {page.state}"),
        Text(page.command, style="dim", overflow="ellipsis", no_wrap=True),
        *map(Text, page.segments),
        *_rates(page, width, whole=whole),
        *_causes(page, whole=whole),
        *movement(page, width, whole=whole),
        Text(),
        *_ratios(page, whole=whole),
        *_logged(page),
    ]
    for curve in _curves(page, width, color=color):
        parts += [Text(), Text.from_ansi(curve)]
    if page.schedulers:
        parts.append(Text())
        few = few_of(page.schedulers, whole=whole)
        parts += few.with_more([Text(e, style="dim") for e in few.shown], "schedulers")
    parts += [Text(each, style="bold red") for each in page.remarks]
    return Group(*parts)


def _rates(page: Page, width: int, *, whole: bool) -> list[RenderableType]:
    """Return with which rates weights were updated, as a table."""
    headings = ("group", "parameters", "steps", "first", "peak", "last", "changes")
    few = few_of(page.rows, whole=whole)
    rows: list[tuple[str, ...]] = [
        (
            row.name,
            f"{row.parameters:,}",
            f"{row.steps:,}",
            rate(row.first),
            rate(row.peak),
            rate(row.last),
            f"{row.changes:,}",
        )
        for row in few.shown
    ]
    if few.left_out:
        rows.insert(len(few.first), ("…", *[""] * (len(headings) - 1)))
    spare = ("parameters", "changes", "steps", "first", "peak")
    found = table(headings, rows, width, spare=spare)
    if few.left_out:
        found.append(Text(f"{few.more('groups')}; {SOME}", style="dim"))
    return found


def _causes(page: Page, *, whole: bool) -> list[Text]:
    """Say who changed the rates, once for all groups with the same answer."""
    groups: dict[str, list[str]] = {}
    for row in page.rows:
        several = len(row.changed_by) > 1
        who = ", ".join(
            f"{name} {count}×" if several else name
            for name, count in row.changed_by.items()
        )
        groups.setdefault(who, []).append(row.name)
    lines = []
    few = few_of(groups.items(), whole=whole)
    for who, names in few.shown:
        called = ", ".join(names) if whole else names_of(names)
        whose = "" if len(groups) == 1 else f"{called} "
        if not who:
            lines.append(Text(f"{whose}never changed"))
            continue
        by = "" if who.startswith("by hand") else "by "
        lines.append(Text.assemble(f"{whose}changed {by}", (who, "bold")))
    return few.with_more(lines, "causes")


def _ratios(page: Page, *, whole: bool) -> list[Text]:
    """Return the line "updates : scheduler steps : …" and its numbers."""
    heading = "updates : scheduler steps : backward calls : passes : skipped"
    lines = []
    few = few_of(page.ratios.items(), whole=whole)
    for name, ratio in few.shown:
        numbers = " : ".join(str(each) for each in astuple(ratio))
        whose = f"  {name}" if len(page.ratios) > 1 else ""
        lines.append(Text.assemble((numbers, "bold"), whose))
    return [Text(heading, style="dim"), *few.with_more(lines, "optimizers")]


def _logged(page: Page) -> list[Text]:
    """Return a line for each name under which the program logged numbers."""
    several = len(page.ratios) > 1
    lines = []
    for name, of in page.logged.items():
        updates = f"{of.step:,} update{'s' * (of.step != 1)}"
        whose = f" of {of.optimizer}" if several else ""
        last = known(of.last, ".4g")
        told = f"{name} {last} after {updates}{whose}, the last of {of.count:,}"
        lines.append(Text(told))
    return lines


def _rate_curves(page: Page) -> tuple[list[curves.Curve], str]:
    """Return the applied rates; if none of them moves, the effective ones instead."""
    moving = [(row.name, row.movement) for row in page.rows if row.movement]
    still = not page.joined and not any(row.changes for row in page.rows)
    if moving and still:
        effective = [curves.Curve(name, *of.curve) for name, of in moving]
        if any(len(each.steps) > 1 for each in effective):
            return effective, "effective"
    return [curves.Curve(row.name, *row.curve) for row in page.rows], "applied"


def _curves(page: Page, width: int, *, color: bool) -> list[str]:
    """Draw the rates over the steps, and the losses."""
    losses = [curves.Curve(name, *points) for name, points in page.losses.items()]
    along = "update" if page.joined else "step"
    drawn = [
        curves.in_terminal(lines, width, color=color, label=label, along=along)
        for lines, label in (_rate_curves(page), (losses, "loss"))
    ]
    return [each for each in drawn if each]
