"""Planned: a plan in a run, and what is worth knowing of it beforehand."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.report.curves import Curve
from lrscope.schedules import to_json
from lrscope.schedules.landmarks import Landmarks, cautions, landmarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
        cautions: Names of mistakes and a sentence for each, as an audit names them.
        quirks: The same of what its scheduler does unexpectedly; no rule is called so.
    """

    name: str
    written: Schedule
    plan: Schedule
    marks: Landmarks
    cautions: dict[str, str]
    quirks: dict[str, str]

    @classmethod
    def of(  # noqa: PLR0913 - a plan, its run and what befalls it there
        cls,
        name: str,
        written: Schedule,
        plan: Schedule,
        steps: int,
        *,
        quirks: Iterable[tuple[str, str]] = (),
        raises_at: int | None = None,
    ) -> Planned:
        """Look at a plan in a run of so many steps, as far as it goes without error."""
        marks = landmarks(plan, min(steps, raises_at or steps))
        if raises_at is not None:
            marks = replace(marks, final=None)
        told = {each.name: each.message for each in cautions(plan, marks)}
        return cls(
            name=name,
            written=written,
            plan=plan,
            marks=marks,
            cautions=told,
            quirks=dict(quirks),
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
    def curve(self) -> Curve:
        """Steps and values, thinned for drawing; landmarks stay."""
        found = self.at(_spread(self.marks.steps, POINTS) | set(self.named_steps))
        finite = {step: value for step, value in found.items() if isfinite(value)}
        return Curve(self.name, tuple(finite), tuple(finite.values()))

    def at(self, steps: Iterable[int]) -> dict[int, float]:
        """Return the values at some steps of the run, in order."""
        within = sorted(each for each in steps if each < self.marks.steps)
        with np.errstate(over="ignore"):
            return dict(zip(within, self.plan(within).tolist(), strict=True))

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


def rows_of(plans: Sequence[Planned]) -> list[int]:
    """Return the steps of a table that all plans share."""
    steps = _spread(max(each.marks.steps for each in plans), ROWS)
    return sorted(steps.union(*(each.named_steps for each in plans)))


def as_json(plans: Sequence[Planned]) -> dict[str, Any]:
    """Return plans as plain data; a value that is not finite is None."""
    rows = rows_of(plans)
    return {
        "format": FORMAT,
        "plans": [
            {
                "name": each.name,
                "schedule": repr(each.written),
                "form": each.form,
                "unit": each.unit,
                "landmarks": {
                    name: _plain(value) for name, value in asdict(each.marks).items()
                },
                "cautions": {**each.cautions, **each.quirks},
                "curve": asdict(each.curve),
                "table": [
                    [step, _plain(value)] for step, value in each.at(rows).items()
                ],
            }
            for each in plans
        ],
    }


def _plain(value: Any) -> Any:
    """Return what JSON has a word for."""
    return None if isinstance(value, float) and not isfinite(value) else value
