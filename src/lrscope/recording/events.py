"""Events: what happened in a process beside the values of the rates, as typed values.

Every event knows ``row``, how many rows had been written when it happened, and
``time`` in seconds since 1970 (of a frequent event: of the row that followed it).
``where`` is ``(file, line)`` of the user's code, or None where it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lrscope.recording.event import Event, Site
from lrscope.recording.happenings import (
    Backward,
    LrAsked,
    OptimizerStateSaved,
    PassBegan,
    PassEnded,
    RateWritten,
    SchedulerStateSaved,
    SchedulerStepped,
)
from lrscope.recording.introductions import (
    Group,
    GroupAdded,
    GroupsChanged,
    ModelShared,
    OptimizerConstructed,
    PlanDeclared,
    SchedulerConstructed,
)

__all__ = [
    "Backward",
    "Event",
    "GraphKeepsRate",
    "Group",
    "GroupAdded",
    "GroupsChanged",
    "InternalRateGivenUp",
    "LossesGivenUp",
    "LrAsked",
    "MeasuringBegan",
    "MeasuringGivenUp",
    "ModelShared",
    "NumberNoted",
    "OptimizerConstructed",
    "OptimizerStateLoaded",
    "OptimizerStateSaved",
    "OptimizerStepped",
    "PassBegan",
    "PassEnded",
    "PlanDeclared",
    "ProcessEnded",
    "RateIsNoNumber",
    "RateWritten",
    "RowsWrittenSlowly",
    "SchedulerConstructed",
    "SchedulerStateLoaded",
    "SchedulerStateSaved",
    "SchedulerStepped",
    "Site",
    "StepCaptured",
    "StepRaised",
    "Trouble",
    "UnknownEvent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerStateLoaded(Event):
    """``optimizer.load_state_dict`` returned; the rates are those it brought.

    ``steps`` are the updates that its state counts, None if it counts none.
    """

    optimizer: int
    rates: tuple[Any, ...]
    initial_rates: tuple[Any, ...]
    where: Site
    steps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerStateLoaded(Event):
    """``scheduler.load_state_dict`` returned; ``attributes`` as they then were."""

    scheduler: int
    attributes: dict[str, Any]
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringBegan(Event):
    """How far an optimizer's steps move its parameters is measured from here on.

    Attributes:
        optimizer: its number.
        seed: of the random numbers that chose coordinates.
        every: each how many steps; None if ``budget`` decides.
        budget: share of the training's time that measuring may take.
        parts: plain data, one for each group, parameter and device: how many elements
            there are, how many are measured, how many ranks hold them, their types.
        left_out: (group, parameter, reason) of what cannot be measured.
        wrapper: class of the optimizer around it whose steps are measured, if any.
    """

    optimizer: int
    seed: int
    every: int | None
    budget: float | None
    parts: tuple[dict[str, Any], ...]
    left_out: tuple[tuple[int, str, str], ...]
    wrapper: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringGivenUp(Event):
    """An optimizer is measured no more, because of an error in ``why``."""

    optimizer: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalRateGivenUp(Event):
    """An internal rate is read no more, because of an error in ``why``."""

    optimizer: int
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LossesGivenUp(Event):
    """Losses are recorded no more, because of an error in ``why``."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCaptured(Event):
    """An optimizer step went into a CUDA graph; each replay of it is a step."""

    optimizer: int
    where: Site | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRaised(Event):
    """An optimizer step began and ended with an exception."""

    optimizer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNoted(Event):
    """What a number beside the rate was at the first step, or before it moved.

    ``value`` is None if the group had no such number.
    """

    optimizer: int
    group: int
    name: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateIsNoNumber(Event):
    """A value in a group was no real number; its rows hold NaN."""

    optimizer: int
    column: int
    value: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphKeepsRate(Event):
    """A CUDA graph was replayed whose steps use another rate than the group holds.

    Attributes:
        optimizer: its number.
        group: number of the group.
        kept: the rate in the graph; None if it reads a tensor that the group lost.
        wanted: the rate that the group held at that time; None if that is a tensor.
        where: the replay.
    """

    optimizer: int
    group: int
    kept: float | None
    wanted: float | None
    where: Site | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsWrittenSlowly(Event):
    """Rows are written, not stored in mapped memory, and why."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(Event):
    """Recording ended because of a failure of lrscope or of the disk."""

    reason: str
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEnded(Event):
    """The process ended in order; ``exception`` says what ended it, if one did."""

    exception: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerStepped(Event):
    """``optimizer.step()`` was called, or left out by a GradScaler.

    Attributes:
        optimizer: its number.
        updated: whether parameters really changed.
        overflow: a GradScaler found an infinite or NaN gradient.
        no_gradient: every gradient was None.
        scaled: the call came through a GradScaler.
    """

    optimizer: int
    updated: bool
    overflow: bool
    no_gradient: bool
    scaled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event that a later lrscope of the same format writes."""

    kind: str
    details: dict[str, Any]
