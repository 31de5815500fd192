"""Columns: a table of numbers that fits its terminal, with no number cut in two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

LEAST_NAME = 16
"""Columns that a name has at least, if it is as long, before numbers are left out."""

EDGES = 2
GAP = 3
"""Columns that the frame takes at both ends, and between two columns."""


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    spare: Sequence[str],
) -> list[RenderableType]:
    """Return a table whose first column holds names, and what was left out of it.

    Args:
        headings: of the columns.
        rows: their cells.
        width: columns of the terminal.
        spare: headings of columns to leave out where there is no room, first to last.
    """
    rows = [(visible(name), *cells) for name, *cells in rows]
    sizes = {
        heading: max(len(each) for each in (heading, *cells))
        for heading, *cells in zip(headings, *rows, strict=True)
    }
    names = headings[0]
    shown = list(headings)
    left_out = []
    for each in spare:
        if _total(shown, sizes) - sizes[names] + min(sizes[names], LEAST_NAME) <= width:
            break
        shown.remove(each)
        left_out.append(each)
    room = max(1, width - (_total(shown, sizes) - sizes[names]))
    found = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in shown:
        justify = "left" if heading == names else "right"
        found.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for name, *cells in rows:
        by_heading = dict(zip(headings[1:], cells, strict=True))
        own = _shortened(name, room), *(by_heading[each] for each in shown[1:])
        found.add_row(*map(Text, own))  # "encoder [bias]" is no markup
    if not left_out:
        return [found]
    note = f"no room for: {', '.join(left_out)}"
    return [found, Text(note, style="dim")]


def visible(name: str) -> str:
    """Return a name of the user's on one line: control characters are spelled out."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in name
    )


def _total(shown: Sequence[str], sizes: dict[str, int]) -> int:
    return sum(sizes[each] for each in shown) + GAP * (len(shown) - 1) + EDGES


def _shortened(name: str, room: int) -> str:
    """Return a name that fits; its end, which tells groups apart, stays longest."""
    if len(name) <= room:
        return name
    head = (room - 1) // 3
    return f"{name[:head]}…{name[len(name) - (room - 1 - head) :]}"
