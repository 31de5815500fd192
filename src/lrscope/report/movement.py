"""Movement: how far the weights of a group really moved, beside its rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.events import LossesGivenUp, MeasuringBegan, MeasuringGivenUp
from lrscope.recording.measuring import is_sharded
from lrscope.recording.values import LOSS
from lrscope.report.explained import differs, explained
from lrscope.report.steps import Points, Steps, thinned
from lrscope.report.unusual import rounded_away, without_rate

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
        error: half the width of its 95 % interval; 0 if all elements were measured,
            NaN if it is not known.
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
        error: half the width of its 95 % interval; 0 if all elements were measured,
            NaN if it is not known.
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
        because=_because(track, measured, last, applied, internals),
        curve=thinned(measured.steps[chosen], effectives[chosen]),
        parameters={
            name: _moved(each, int(np.searchsorted(each.steps, step)))
            for name, each in track.parameters.items()
            if named in name and step in each.steps
        },
    )


def _because(
    track: Track,
    measured: Measured,
    at: int,
    applied: float,
    internals: dict[str, float],
) -> str:
    """Return why the effective rate of a step is not the applied one, in words."""
    effective = float(measured.effective[at])
    why = without_rate(measured, at)
    if why or not differs(effective, applied):
        return why
    lost = rounded_away(track, measured, at)
    made = explained(track, int(measured.steps[at]), internals, applied, effective)
    if not lost:
        return made
    return f"{lost}; {made}" if internals and made else lost


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


def remarks_on(process: Process) -> Iterator[str]:
    """Yield what was not measured or not recorded, and why, in words."""
    names = {
        (track.number, track.group.index): f"{track.name}: " for track in process.tracks
    }
    left_out = (
        f"{names.get((event.optimizer, group), '')}{parameter} is not measured: {why}"
        for event in process.history.of(MeasuringBegan)
        for group, parameter, why in event.left_out
    )
    yield from dict.fromkeys(left_out)
    classes = {each.number: each.optimizer.class_name for each in process.tracks}
    around = (
        f"{event.wrapper} stands around {classes.get(event.optimizer, 'another')}: "
        "what moved is told of the steps of both together"
        for event in process.history.of(MeasuringBegan)
        if event.wrapper
    )
    yield from dict.fromkeys(around)
    for ended in process.history.of(MeasuringGivenUp):
        yield f"steps are not measured any more: {ended.why}"
    lost = process.history.of(LossesGivenUp)
    for each in lost:
        yield f"losses are not recorded any more: {each.why}"
    measured = [track for track in process.tracks if track.measured]
    if measured and not (lost or any(LOSS in name for name in process.values)):
        yield (
            "no loss: backward() was not called on a single number; "
            "lrscope.log(loss=...) records one"
        )
    if any(map(is_sharded, measured)):
        rank = "this process" if process.rank is None else f"rank {process.rank}"
        yield (
            f"sharded: how far weights moved is told of what {rank} holds; "
            "in Python run.measured(name) adds all ranks up"
        )
