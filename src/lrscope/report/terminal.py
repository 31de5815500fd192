"""Terminal: a page as a table, the ratios and a curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotille
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lrscope.recording.process import Ratio
    from lrscope.report.page import Page, Row

HEIGHT = 12
MOST_CURVES = 6
COLORS = ("cyan", "magenta", "yellow", "green", "blue", "red")


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
    ]
    parts += [_ratio(name, ratio) for name, ratio in page.ratios.items()]
    curve = _curve(page, width, color=color)
    if curve:
        parts += [Text(), Text.from_ansi(curve)]
    if page.schedulers:
        parts.append(Text())
        parts += [Text(each, style="dim") for each in page.schedulers]
    parts += [Text(each, style="bold red") for each in page.remarks]
    return Group(*parts)


def _table(page: Page) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("group", overflow="fold")
    for heading in ("parameters", "steps", "first", "peak", "last", "changes"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("changed by", overflow="fold")
    for row in page.rows:
        table.add_row(
            row.name,
            f"{row.parameters:,}",
            f"{row.steps:,}",
            rate(row.first),
            rate(row.peak),
            rate(row.last),
            f"{row.changes:,}",
            _causes(row),
        )
    return table


def rate(value: float | None) -> str:
    """Return a rate in three digits, the way people write rates."""
    if value is None:
        return "–"
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    return f"{value:.2e}"


def _causes(row: Row) -> str:
    if not row.changed_by:
        return "never changed" if row.steps else "never updated"
    causes = list(row.changed_by.items())
    if len(causes) == 1:
        return causes[0][0]
    return ", ".join(f"{name} {count}×" for name, count in causes)


def _ratio(name: str, ratio: Ratio) -> Text:
    values = {
        "updates": ratio.updates,
        "scheduler steps": ratio.scheduler_steps,
        "backward calls": ratio.backward_calls,
        "passes": ratio.passes,
        "skipped": ratio.skipped,
    }
    numbers = " : ".join(f"{value}" for value in values.values())
    text = Text(f"{name}  {' : '.join(values)}  =  ")
    text.append(numbers, style="bold")
    return text


def _curve(page: Page, width: int, *, color: bool) -> str:
    """Draw the rates over the steps, curves that coincide once."""
    curves: dict[tuple[float, ...], Row] = {}
    for row in page.rows:
        if row.curve[0]:
            curves.setdefault(row.curve[1], row)
    rows = list(curves.values())[:MOST_CURVES]
    if not rows or max(row.curve[0][-1] for row in rows) == 0:
        return ""
    figure = plotille.Figure()
    figure.width = max(20, min(width, 100) - 24)
    figure.height = HEIGHT
    figure.with_colors = color
    figure.color_mode = "names"
    figure.x_label, figure.y_label = "step", "applied"
    top = max(max(row.curve[1]) for row in rows)
    bottom = min(min(row.curve[1]) for row in rows)
    figure.set_y_limits(min_=min(bottom, 0.0), max_=top * 1.02 or 1e-12)
    figure.set_x_limits(min_=min(r.curve[0][0] for r in rows), max_=max(r.curve[0][-1] for r in rows))
    figure.register_label_formatter(float, _label)
    figure.register_label_formatter(int, _label)
    for row, line in zip(rows, COLORS, strict=False):
        figure.plot(row.curve[0], row.curve[1], lc=line, label=row.name)
    return str(figure.show(legend=color and len(rows) > 1))


def _label(
    value: float, chars: int, delta: float, left: bool = False  # noqa: FBT001, FBT002
) -> str:
    del delta
    whole = float(value).is_integer() and abs(value) >= 1
    text = f"{int(value)}" if whole or value == 0 else f"{value:.3g}"
    return text[:chars].ljust(chars) if left else text[:chars].rjust(chars)
