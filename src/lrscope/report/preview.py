"""Preview: plans and what is worth knowing of them, before they have a format."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from lrscope.report import curves
from lrscope.report.terminal import rate

if TYPE_CHECKING:
    from rich.console import RenderableType

FORMAT = 1
"""Number of the JSON form; history: 1 (0.1.0) first form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One plan for one base rate.

    Attributes:
        name: What the plan is called here.
        schedule: The plan in its text form.
        form: The plan in its JSON form; None if it has none.
        unit: "rate" or "factor".
        landmarks: Names and values of what is worth knowing.
        cautions: Names of mistakes and a sentence for each.
        curve: Steps and values, thinned for drawing.
        table: Steps and values, few, for reading.
    """

    name: str
    schedule: str
    form: dict[str, Any] | None
    unit: str
    landmarks: dict[str, float | int | None]
    cautions: dict[str, str]
    curve: curves.Curve
    table: tuple[tuple[int, float], ...]


def as_json(plans: list[Planned]) -> dict[str, Any]:
    """Return plans as plain data."""
    return {"format": FORMAT, "plans": [asdict(each) for each in plans]}


def rendered(
    plans: list[Planned], width: int, *, color: bool, table: bool
) -> RenderableType:
    """Return plans as something a Rich console prints."""
    parts: list[RenderableType] = [_landmarks(plans)]
    drawing = curves.in_terminal(
        [each.curve for each in plans], width, color=color, label=plans[0].unit
    )
    if drawing:
        parts += [Text.from_ansi(drawing), Text()]
    if table:
        parts += [_values(plans), Text()]
    for each in plans:
        whose = f"{each.name}: " if len(plans) > 1 else ""
        parts += [
            Text.assemble((f"warning {name}", "bold yellow"), f"  {whose}{sentence}")
            for name, sentence in each.cautions.items()
        ]
    return Group(*parts)


def _landmarks(plans: list[Planned]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for each in plans:
        table.add_column(each.name, justify="right", overflow="fold")
    columns = [_words(each.landmarks) for each in plans]
    for heading in columns[0]:
        table.add_row(heading, *(each[heading] for each in columns))
    return table


def _words(marks: dict[str, Any]) -> dict[str, str]:
    rises = marks["rises_until"]
    return {
        "steps": f"{marks['steps']:,}",
        "first": rate(marks["first"]),
        "warm-up until step": "–" if rises is None else f"{rises:,}",
        "peak": rate(marks["peak"]),
        "peak at step": f"{marks['peak_step']:,}",
        "last": rate(marks["last"]),
        "held after its end": rate(marks["final"]),
        "sum over the run": f"{marks['area']:.4g}",
    }


def _values(plans: list[Planned]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("step", justify="right")
    for each in plans:
        table.add_column(each.name, justify="right", overflow="fold")
    steps = sorted({step for each in plans for step, _ in each.table})
    known = [dict(each.table) for each in plans]
    for step in steps:
        table.add_row(
            f"{step:,}", *(rate(each[step]) if step in each else "" for each in known)
        )
    return table
