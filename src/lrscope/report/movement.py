"""Movement: how far the weights of a group really moved, beside its rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.events import LossesGivenUp, MeasuringBegan, MeasuringGivenUp
from lrscope.report.explained import explained
from lrscope.report.steps import Points, Steps, thinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lrscope.recording.measured import Measured
    from lrscope.recording.process import Process
    from lrscope.recording.track import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was measured of one parameter, at the step its group is told of.

    Attributes:
        elements: numbers in it.
        effective: rate that plain SGD would have needed for the same movement.
        error: half the width of its 95 % interval; 0 if all elements were measured.
        update_to_weight: length of the update / length of the weights.
        moved: share of the elements that changed.
    """

    elements: float
    effective: float
    error: float
    update_to_weight: float
    moved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What was measured of a group, in the range of steps that is shown.

    Attributes:
        measured: steps that were measured.
        step: the last of them; the other numbers are of it.
        applied: rate that was applied.
        effective: rate that plain SGD would have needed for the same movement.
        error: half the width of its 95 % interval; 0 if all elements were measured.
        multiplier: effective / applied; None if nothing was applied.
        update_to_weight: length of the update / length of the weights.
        update_rms: root mean square of the movement of an element.
        gradient_norm: length of the gradient.
        cosine: between the update and the negative gradient.
        moved: share of the elements that changed.
        internals: numbers by which the optimizer changed its rate inside, by name.
        because: why effective is not applied, or why there is no such rate, in words;
            "" if there is nothing to say.
        curve: steps and effective rates, thinned for drawing.
        parameters: the same of its parameters, by name, if measured apart.
    """

    measured: int
    step: int
    applied: float
    effective: float
    error: float
    multiplier: float | None
    update_to_weight: float
    update_rms: float
    gradient_norm: float
    cosine: float
    moved: float
    internals: dict[str, float]
    because: str
    curve: Points
    parameters: dict[str, Moved]


def movement_of(track: Track, steps: Steps, named: str = "") -> Movement | None:
    """Return what was measured of a track within a range of steps, None if nothing.

    Args:
        track: of the group.
        steps: the range.
        named: only parameters whose name contains this.
    """
    measured = track.measured
    chosen = steps.among(measured.steps) if measured else np.zeros(0, bool)
    if measured is None or not chosen.any():
        return None
    last = int(np.flatnonzero(chosen)[-1])
    step = int(measured.steps[last])
    applied = float(track.applied[np.searchsorted(track.steps, step)])
    effectives = measured.effective + 0.0  # never -0.0
    effective = float(effectives[last])
    multiplier = effective / applied if applied and math.isfinite(applied) else None
    internals = _at(step, track)
    return Movement(
        measured=int(chosen.sum()),
        step=step,
        applied=applied,
        effective=effective,
        error=float(measured.effective_error[last]),
        multiplier=multiplier,
        update_to_weight=float(measured.update_to_weight[last]),
        update_rms=float(measured.update_rms[last]),
        gradient_norm=float(measured.gradient_norm[last]),
        cosine=float(measured.cosine[last]),
        moved=float(measured.moved[last]),
        internals=internals,
        because=_without_rate(measured, last)
        or explained(track, internals, multiplier),
        curve=thinned(measured.steps[chosen], effectives[chosen]),
        parameters={
            name: _moved(each, int(np.searchsorted(each.steps, step)))
            for name, each in track.parameters.items()
            if named in name and step in each.steps
        },
    )


def _moved(measured: Measured, at: int) -> Moved:
    return Moved(
        elements=measured.elements,
        effective=float(measured.effective[at]) + 0.0,
        error=float(measured.effective_error[at]),
        update_to_weight=float(measured.update_to_weight[at]),
        moved=float(measured.moved[at]),
    )


def nearest_measured(tracks: Iterable[Track], steps: Steps) -> int | None:
    """Return the measured step nearest to a range; None if none was measured."""
    found = [each.measured.steps for each in tracks if each.measured]
    numbers = np.concatenate([np.zeros(0, np.int64), *found])
    return int(numbers[steps.away(numbers).argmin()]) if numbers.size else None


def _at(step: int, track: Track) -> dict[str, float]:
    """Return the internal rates of a track at a step, by name."""
    return {
        name: float(values[steps == step][0])
        for name, (steps, values) in track.internals.items()
        if (steps == step).any()
    }


def _without_rate(measured: Measured, at: int) -> str:
    """Return why there was no effective rate at a step, in words; "" if there was."""
    if not measured.gradient_norm[at]:
        return "no gradient"
    if not math.isfinite(measured.gradient_norm[at]):
        return "its gradient was not finite"
    return "" if measured.moved[at] else "no weight moved"


def given_up(process: Process) -> Iterator[str]:
    """Yield what was not measured, and why, in words."""
    for event in process.history.of(MeasuringBegan):
        for _, parameter, why in event.left_out:
            yield f"{parameter} is not measured: {why}"
    for ended in process.history.of(MeasuringGivenUp):
        yield f"steps are not measured any more: {ended.why}"
    for lost in process.history.of(LossesGivenUp):
        yield f"losses are not recorded any more: {lost.why}"
