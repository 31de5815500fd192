"""What is worth knowing of a plan before it is trained with."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import LAST_STEP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.schedules.schedule import Schedule

BARELY = 0.01
"""A part of the run that is smaller than this is not worth a word."""

MOST = 1 << 20
"""Steps of a run that are looked at one by one; of a longer one some are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """Where a schedule is in a run of so many steps.

    Attributes:
        steps: Steps of the run.
        first: Value of step 0.
        peak: Highest value of any step of the run.
        peak_step: The first step that has it.
        lowest: Lowest value of any step of the run.
        lowest_step: The first step that has it.
        rises_until: The step at which a warm-up is over: until there no value falls,
            and there is the highest one of the run. None without such a rise, and for
            a schedule that rises to its end.
        last: Value of the last step of the run.
        final: What the schedule holds after its end; None if it never settles.
        length: Its own length; None if endless.
        area: Sum of the values of all steps of the run.
        estimated: Whether the run is so long that the sum is an estimate, and so are
            the highest and the lowest value where the form does not tell them.
    """

    steps: int
    first: float
    peak: float
    peak_step: int
    lowest: float
    lowest_step: int
    rises_until: int | None
    last: float
    final: float | None
    length: int | None
    area: float
    estimated: bool


@dataclass(frozen=True, slots=True)
class Caution:
    """A mistake that the plan would make, by the name that an audit gives it."""

    name: str
    message: str


def landmarks(schedule: Schedule, steps: int) -> Landmarks:
    """Return where a schedule is in a run of ``steps`` steps, at least 1.

    Raises:
        ScheduleError: If these are more steps than a float64 can count.
    """
    if steps > LAST_STEP:
        msg = f"a run needs steps <= 2**53, got {steps!r}"
        raise ScheduleError(msg)
    long = steps > MOST
    seen = _drawn(schedule, steps) if long else np.arange(steps)
    weights = np.diff(seen, append=steps) if long else 1
    with np.errstate(over="ignore"):
        values = schedule(seen)
        area = float((values * weights).sum())
    return Landmarks(
        steps=steps,
        first=float(values[0]),
        peak=float(values.max()),
        peak_step=int(seen[values.argmax()]),
        lowest=float(values.min()),
        lowest_step=int(seen[values.argmin()]),
        rises_until=_rises_until(schedule, seen, values),
        last=float(values[-1]),
        final=schedule.final,
        length=schedule.length,
        area=area,
        estimated=long,
    )


def cautions(schedule: Schedule, marks: Landmarks) -> tuple[Caution, ...]:
    """Return the mistakes that a run with these landmarks would make."""
    found = []
    if marks.first == 0:
        found.append(
            Caution(
                "first-update-at-lr-zero",
                "the first update is made with rate 0 and changes nothing; "
                "start above 0, as warmup(steps) does by default",
            )
        )
    if marks.lowest < 0 or not np.isfinite([marks.peak, marks.lowest]).all():
        worst, step = (
            (marks.lowest, marks.lowest_step)
            if marks.lowest < 0
            else (marks.peak, marks.peak_step)
        )
        found.append(
            Caution(
                "lr-not-finite-or-negative",
                f"the rate is {worst:.3g} at step {step}: "
                + ("the loss would be climbed" if worst < 0 else "nothing survives it"),
            )
        )
    return (*found, *_about_length(schedule, marks))


def _rises_until(
    schedule: Schedule, seen: NDArray[np.int64], values: NDArray[np.float64]
) -> int | None:
    top = int(values.argmax())
    peak, before = values[top], values[:top]
    if not top or not np.isfinite(peak) or (values[1 : top + 1] < before).any():
        return None
    until, last, edges = int(seen[top]), int(seen[-1]), schedule._edges
    length = schedule.length
    later = edges is None or any(each > last for each in edges)
    later = later or (length is not None and length > last + 1)
    return until if until < last or later else None


def _drawn(schedule: Schedule, steps: int) -> NDArray[np.int64]:
    """Return steps of a long run: where it turns, its beginning, and some of each part.

    The latter are drawn, with a seed: evenly spaced they could all hit one phase of
    what is periodic.
    """
    edges = np.linspace(0, steps, (MOST >> 2) + 1).astype(np.int64)
    drawn = np.random.default_rng(0).integers(edges[:-1], edges[1:])
    turns = [ceil(each) for each in schedule._edges or ()]
    around = [each - back for each in turns for back in (1, 0) if back <= each < steps]
    return np.unique(
        np.concatenate((np.arange(MOST >> 4), drawn, around, [steps - 1]))
    ).astype(np.int64)


def _about_length(schedule: Schedule, marks: Landmarks) -> list[Caution]:
    steps, length, final = marks.steps, marks.length, marks.final
    rise = marks.rises_until
    if rise is not None and rise >= steps - 1 and (length is None or length > steps):
        return [
            Caution(
                "warmup-longer-than-run",
                f"the rate still rises at the last of {steps} steps",
            )
        ]
    if length is None:
        return []
    if length > steps * (1 + BARELY):
        return [
            Caution(
                "schedule-longer-than-run",
                f"the run ends after {steps} of {length} steps "
                f"({steps / length:.0%}), at {schedule(steps - 1):.3g}; "
                f"the end value {schedule(length):.3g} is never reached",
            )
        ]
    if final == 0 and length < steps * (1 - BARELY):
        return [
            Caution(
                "schedule-shorter-than-run",
                f"the last {steps - length} of {steps} updates have rate 0 "
                "and change nothing",
            )
        ]
    return []
