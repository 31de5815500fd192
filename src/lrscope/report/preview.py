"""Preview: plans and what is worth knowing of them, before they have a format."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from lrscope.errors import ScheduleError
from lrscope.report import curves
from lrscope.report.terminal import rate
from lrscope.schedules import to_json
from lrscope.schedules.landmarks import Landmarks, cautions, landmarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from lrscope.schedules import Schedule

FORMAT = 1
"""Number of the JSON form; history: 1 (0.1.0) first form."""


POINTS = 240
"""Steps drawn of a curve; a terminal has fewer columns of dots."""

ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One plan in a run of so many steps.

    Attributes:
        name: What the plan is called here.
        written: The plan as somebody wrote it.
        plan: The same in steps, and in rates where there is a base rate.
        marks: What is worth knowing of it.
        cautions: Names of mistakes and a sentence for each.
    """

    name: str
    written: Schedule
    plan: Schedule
    marks: Landmarks
    cautions: dict[str, str]

    @classmethod
    def of(
        cls,
        name: str,
        written: Schedule,
        plan: Schedule,
        steps: int,
        quirks: Iterable[tuple[str, str]] = (),
    ) -> Planned:
        """Look at a plan in a run of so many steps."""
        marks = landmarks(plan, steps)
        told = {each.name: each.message for each in cautions(plan, marks)}
        return cls(
            name=name,
            written=written,
            plan=plan,
            marks=marks,
            cautions={**told, **dict(quirks)},
        )

    @property
    def unit(self) -> str:
        """What the values are: "rate" or "factor"."""
        return "rate" if self.plan.is_rate else "factor"

    @property
    def form(self) -> dict[str, Any] | None:
        """The plan in its JSON form; None if it has none."""
        try:
            return to_json(self.written)
        except ScheduleError:
            return None

    @property
    def curve(self) -> curves.Curve:
        """Steps and values, thinned for drawing; landmarks stay."""
        steps = _spread(self.marks.steps, POINTS) | set(self.named_steps)
        shown = tuple(sorted(steps))
        return curves.Curve(self.name, shown, tuple(self.plan(shown).tolist()))

    @property
    def named_steps(self) -> dict[int, str]:
        """The steps of landmarks, with what is there."""
        marks = self.marks
        found: dict[int, str] = {}
        for step, what in (
            (0, "first"),
            (marks.rises_until, "warmed up"),
            (marks.peak_step, "peak"),
            (marks.steps - 1, "last"),
        ):
            if step is not None:
                found[step] = f"{found[step]}, {what}" if step in found else what
        return found


def _spread(steps: int, count: int) -> set[int]:
    """Return some of the steps of a run, evenly spread, first and last included."""
    parts = max(min(count, steps) - 1, 1)
    return {each * (steps - 1) // parts for each in range(parts + 1)}


def _rows(plans: Sequence[Planned]) -> list[int]:
    """Return the steps of a table that all plans share."""
    steps = _spread(max(each.marks.steps for each in plans), ROWS)
    return sorted(steps.union(*(each.named_steps for each in plans)))


def as_json(plans: Sequence[Planned]) -> dict[str, Any]:
    """Return plans as plain data."""
    rows = _rows(plans)
    return {
        "format": FORMAT,
        "plans": [
            {
                "name": each.name,
                "schedule": repr(each.written),
                "form": each.form,
                "unit": each.unit,
                "landmarks": asdict(each.marks),
                "cautions": each.cautions,
                "curve": asdict(each.curve),
                "table": [[s, each.plan(s)] for s in rows if s < each.marks.steps],
            }
            for each in plans
        ],
    }


def rendered(
    plans: Sequence[Planned], width: int, *, color: bool, table: bool
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
    for step in _rows(plans):
        table.add_row(f"{step:,}", *(_cell(each, step) for each in plans))
    return table


def _cell(plan: Planned, step: int) -> str:
    if step >= plan.marks.steps:
        return ""
    what = plan.named_steps.get(step)
    value = rate(plan.plan(step))
    return value if what is None else f"{what}  {value}"


def _table(heading: str, plans: Sequence[Planned]) -> Table:
    """Return an empty table with a column for each plan."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(heading, justify="right" if heading else "left")
    for each in plans:
        table.add_column(each.name, justify="right", overflow="fold")
    return table
