"""Preview: plans as a terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from lrscope.report import curves
from lrscope.report.columns import visible
from lrscope.report.numbers import rate
from lrscope.report.planned import Planned, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from lrscope.schedules.landmarks import Landmarks


def rendered(
    plans: Sequence[Planned], width: int, *, color: bool, table: bool
) -> RenderableType:
    """Return plans as something a Rich console prints."""
    parts: list[RenderableType] = _side_by_side(_landmarks, plans, (width - 22) // 14)
    drawing = curves.in_terminal(
        [each.curve for each in plans],
        width,
        color=color,
        label=plans[0].unit,
        along="step",
    )
    if drawing:
        parts += [Text.from_ansi(drawing), Text()]
    if table:
        parts += [*_side_by_side(_values, plans, (width - 10) // 22), Text()]
    for each in plans:
        whose = f"{each.name}: " if len(plans) > 1 else ""
        named = [(f"warning {name}", says) for name, says in each.cautions.items()]
        named += [("warning", says) for says in each.quirks.values()]
        parts += [
            Text.assemble((heading, "bold yellow"), f"  {whose}{says}")
            for heading, says in named
        ]
    return Group(*parts)


def _side_by_side(
    table: Callable[[Sequence[Planned]], Table], plans: Sequence[Planned], most: int
) -> list[RenderableType]:
    """Return tables of as many plans as have room beside each other."""
    size = max(1, most)
    return [table(plans[at : at + size]) for at in range(0, len(plans), size)]


def _landmarks(plans: Sequence[Planned]) -> Table:
    table = _table("", plans)
    columns = [_words(each.marks) for each in plans]
    for heading in columns[0]:
        table.add_row(heading, *(each[heading] for each in columns))
    return table


def _words(marks: Landmarks) -> dict[str, str]:
    rises = marks.rises_until
    about = "about " if marks.estimated else ""
    return {
        "steps": f"{marks.steps:,}",
        "first": rate(marks.first),
        "warm-up until step": "–" if rises is None else f"{rises:,}",
        "peak": rate(marks.peak),
        "peak at step": f"{marks.peak_step:,}",
        "last": rate(marks.last),
        "held after its end": rate(marks.final),
        "sum over the run": f"{about}{marks.area:.4g}",
    }


def _values(plans: Sequence[Planned]) -> Table:
    table = _table("step", plans)
    rows = rows_of(plans)
    columns = [_cells(each, rows) for each in plans]
    for step in rows:
        table.add_row(f"{step:,}", *(each.get(step, "") for each in columns))
    return table


def _cells(plan: Planned, rows: Sequence[int]) -> dict[int, str]:
    """Return the values at some steps in words, landmarks with their names."""
    named = plan.named_steps
    return {
        step: f"{named[step]}  {rate(value)}" if step in named else rate(value)
        for step, value in plan.at(rows).items()
    }


def _table(heading: str, plans: Sequence[Planned]) -> Table:
    """Return an empty table with a column for each plan."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(heading, justify="right" if heading else "left")
    for each in plans:
        name = Text(visible(each.name))  # "b [c]" is no markup
        table.add_column(name, justify="right", overflow="fold")
    return table
