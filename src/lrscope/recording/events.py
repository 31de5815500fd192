"""Events: what happened in a process beside the values of the rates, as typed values.

Every event knows ``row``, how many rows had been written when it happened, and
``time`` in seconds since 1970 (of a frequent event: of the row that followed it).
``where`` is ``(file, line)`` of the user's code, or None where it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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

__all__ = [
    "Backward",
    "Event",
    "Group",
    "GroupAdded",
    "GroupsChanged",
    "LrAsked",
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
    "StepRaised",
    "Trouble",
    "UnknownEvent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A parameter group as it was when the recorder first met it.

    Attributes:
        number: index in order of first sight, kept when the group is reloaded.
        name: its own name, or what its parameters' names share, or ``groupN``.
        tensors: parameters in it.
        elements: numbers in those parameters.
        lr: its rate at that time; NaN if it was no number.
        settings: the numbers beside it, such as ``{"betas": (0.9, 0.999)}``.
        parameters: names of the first 200 parameters, where they have names.
        others: whole numbers, truths and texts under keys that speak of rates.
        tensor_lr: whether its rate is a tensor.
    """

    number: int
    name: str
    tensors: int
    elements: int
    lr: float
    settings: dict[str, tuple[float, ...]]
    parameters: tuple[str, ...] = ()
    others: dict[str, Any] = field(default_factory=dict)
    tensor_lr: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerConstructed(Event):
    """An optimizer was made, or met for the first time (``how`` is "found").

    ``shares`` are the numbers of earlier ones that hold any of its parameters.
    """

    optimizer: int
    class_name: str
    module: str
    how: str
    groups: tuple[Group, ...]
    where: Site
    shares: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAdded(Event):
    """``add_param_group`` was called; ``order`` lists all groups by number."""

    optimizer: int
    order: tuple[int, ...]
    groups: tuple[Group, ...]
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsChanged(Event):
    """The groups of an optimizer were replaced or reordered in another way."""

    optimizer: int
    order: tuple[int, ...]
    groups: tuple[Group, ...]
    where: Site


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
class SchedulerConstructed(Event):
    """A scheduler was made, or met for the first time (``how`` is "found").

    Attributes:
        scheduler: its number, in order of first sight.
        class_name: such as "CosineAnnealingLR".
        module: where its class is defined.
        how: "constructed" or "found".
        optimizer: number of the optimizer it drives; None if not known.
        arguments: of its constructor, defaults included, as plain data.
        attributes: its public attributes after construction, as plain data.
        children: numbers of the schedulers it is made of.
        rates: of the optimizer's groups after construction.
        where: the line that made it.
        rates_before: the same before it was constructed; empty if not known.
        wrapper: class of what it drives, if that stands around the optimizer.
    """

    scheduler: int
    class_name: str
    module: str
    how: str
    optimizer: int | None
    arguments: dict[str, Any]
    attributes: dict[str, Any]
    children: tuple[int, ...]
    rates: tuple[Any, ...]
    where: Site
    rates_before: tuple[Any, ...] = ()
    wrapper: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerStateLoaded(Event):
    """``scheduler.load_state_dict`` returned; ``attributes`` as they then were."""

    scheduler: int
    attributes: dict[str, Any]
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeclared(Event):
    """A driver said what an optimizer will follow.

    Attributes:
        optimizer: its number; None if not known.
        plan: plain data, as `lrscope.listeners.announce` describes it.
        where: the line that made the driver.
    """

    optimizer: int | None
    plan: dict[str, Any]
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShared(Event):
    """A model was wrapped so that all ranks make the same updates to it.

    ``wrapper`` is "DistributedDataParallel" or "FullyShardedDataParallel".
    """

    wrapper: str
    where: Site


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
