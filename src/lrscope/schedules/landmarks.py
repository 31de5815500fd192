"""What is worth knowing of a plan before it is trained with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lrscope.schedules.schedule import Schedule

BARELY = 0.01
"""A part of the run that is smaller than this is not worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """Where a schedule is in a run of so many steps.

    Attributes:
        steps: Steps of the run.
        first: Value of step 0.
        peak: Highest value of any step of the run.
        peak_step: The first step that has it.
        rises_until: The step at which the first rise is over, which is the end of a
            warm-up; None if the value does not rise from step 0 to 1.
        last: Value of the last step of the run.
        final: What the schedule holds after its end; None if it never settles.
        length: Its own length; None if endless.
        area: Sum of the values of all steps of the run.
    """

    steps: int
    first: float
    peak: float
    peak_step: int
    rises_until: int | None
    last: float
    final: float | None
    length: int | None
    area: float


@dataclass(frozen=True, slots=True)
class Caution:
    """A mistake that the plan would make, by the name that an audit gives it."""

    name: str
    message: str


def landmarks(schedule: Schedule, steps: int) -> Landmarks:
    """Return where a schedule is in a run of ``steps`` steps, at least 1."""
    peak = schedule.highest(stop=steps)
    return Landmarks(
        steps=steps,
        first=schedule(0),
        peak=peak,
        peak_step=schedule.first_step(at_least=peak, stop=steps) or 0,
        rises_until=_rise(schedule, steps),
        last=schedule(steps - 1),
        final=schedule.final,
        length=schedule.length,
        area=schedule.sum(stop=steps),
    )


def cautions(schedule: Schedule, steps: int) -> tuple[Caution, ...]:
    """Return the mistakes that a run of ``steps`` steps would make with it."""
    found = []
    if schedule(0) == 0:
        found.append(
            Caution(
                "first-update-at-lr-zero",
                "the first update is made with rate 0 and changes nothing; "
                "start above 0, as warmup(steps) does by default",
            )
        )
    if schedule.lowest(stop=steps) < 0:
        first = schedule.first_step(at_most=-5e-324, stop=steps)
        found.append(
            Caution(
                "lr-not-finite-or-negative",
                f"the rate is negative from step {first}: the loss would be climbed",
            )
        )
    return (*found, *_about_length(schedule, steps))


def _about_length(schedule: Schedule, steps: int) -> list[Caution]:
    length, final = schedule.length, schedule.final
    rise = _rise(schedule, steps)
    if rise is not None and rise >= steps - 1 and (length is None or length > steps):
        return [
            Caution(
                "warmup-longer-than-run",
                f"the rate still rises at the last of {steps} steps",
            )
        ]
    if length is None or final is None:
        return []
    if length > steps * (1 + BARELY):
        return [
            Caution(
                "schedule-longer-than-run",
                f"the run ends after {steps} of {length} steps "
                f"({steps / length:.0%}), at {schedule(steps - 1):.3g}; "
                f"the end value {final:.3g} is never reached",
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


def _rise(schedule: Schedule, steps: int) -> int | None:
    """Return the last step of the first rise, None if there is none at the start."""
    if steps < 2 or schedule(1) <= schedule(0):
        return None
    size = 1024
    done = 0
    while done < steps - 1:
        values = schedule(np.arange(done, min(done + size, steps)))
        falls = np.flatnonzero(np.diff(values) <= 0)
        if falls.size:
            return done + int(falls[0])
        done, size = done + values.size - 1, min(size * 4, 1 << 20)
    return steps - 1
