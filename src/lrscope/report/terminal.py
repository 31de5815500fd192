"""Terminal: a page as a table, the ratios and a curve."""

from __future__ import annotations

import math
from dataclasses import astuple
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from lrscope.report import curves

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lrscope.report.page import Page


def rendered(page: Page, width: int, *, color: bool) -> RenderableType:
    """Return a page as something a Rich console prints.

    Args:
        page: what to show.
        width: columns of the terminal.
        color: whether the terminal shows colours.
    """
    parts: list[RenderableType] = [
        Text.assemble((page.run, "bold"), f"  {page.process} · {page.state}"),
        Text(page.command, style="dim", overflow="ellipsis", no_wrap=True),
        _table(page),
        *_causes(page),
        *_movement(page),
        Text(),
        *_ratios(page),
    ]
    for curve in _curves(page, width, color=color):
        parts += [Text(), Text.from_ansi(curve)]
    if page.schedulers:
        parts.append(Text())
        parts += [Text(each, style="dim") for each in page.schedulers]
    parts += [Text(each, style="bold red") for each in page.remarks]
    return Group(*parts)


def _table(page: Page) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("group", overflow="ellipsis", no_wrap=True)
    for heading in ("parameters", "steps", "first", "peak", "last", "changes"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in page.rows:
        table.add_row(
            row.name,
            f"{row.parameters:,}",
            f"{row.steps:,}",
            rate(row.first),
            rate(row.peak),
            rate(row.last),
            f"{row.changes:,}",
        )
    return table


def _movement(page: Page) -> list[RenderableType]:
    """Return how far weights really moved, as a table, if that was measured."""
    moving = [(row.name, row.movement) for row in page.rows if row.movement]
    if not moving:
        return []
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("group", overflow="ellipsis", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, of in moving:
        error = f" ± {of.error:.0e}" if of.error else ""
        table.add_row(
            name,
            f"{of.step:,}",
            rate(of.applied),
            rate(of.effective) + error,
            "–" if of.multiplier is None else f"{of.multiplier:.3g}×",
            rate(of.update_to_weight),
            f"{of.moved:.1%}",
        )
    return [table]


HEADINGS = ("at step", "applied", "effective", "", "update/weight", "moved")


def rate(value: float | None) -> str:
    """Return a rate in three digits, the way people write rates."""
    if value is None:
        return "–"
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    return f"{value:.2e}"


def _causes(page: Page) -> list[Text]:
    """Say who changed the rates, once for all groups with the same answer."""
    groups: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for row in page.rows:
        groups.setdefault(tuple(row.changed_by.items()), []).append(row.name)
    lines = []
    for causes, names in groups.items():
        whose = "" if len(groups) == 1 else f"{', '.join(names)} "
        if not causes:
            lines.append(Text(f"{whose}never changed"))
            continue
        who = ", ".join(
            name if len(causes) == 1 else f"{name} {count}×" for name, count in causes
        )
        by = "" if who.startswith("by hand") else "by "
        lines.append(Text.assemble(f"{whose}changed {by}", (who, "bold")))
    return lines


def _ratios(page: Page) -> list[Text]:
    """Return the line "updates : scheduler steps : …" and its numbers."""
    heading = "updates : scheduler steps : backward calls : passes : skipped"
    lines = [Text(heading, style="dim")]
    for name, ratio in page.ratios.items():
        numbers = " : ".join(str(each) for each in astuple(ratio))
        whose = f"  {name}" if len(page.ratios) > 1 else ""
        lines.append(Text.assemble((numbers, "bold"), whose))
    return lines


def _curves(page: Page, width: int, *, color: bool) -> list[str]:
    """Draw the rates over the steps, and the losses."""
    applied = [curves.Curve(row.name, *row.curve) for row in page.rows]
    losses = [curves.Curve(name, *points) for name, points in page.losses.items()]
    drawn = [
        curves.in_terminal(lines, width, color=color, label=label)
        for lines, label in ((applied, "applied"), (losses, "loss"))
    ]
    return [each for each in drawn if each]
