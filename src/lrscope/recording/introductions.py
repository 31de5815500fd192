"""Introductions: what was met for the first time, described when it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lrscope.recording.event import Event, Site


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
        others: whole numbers, truths and texts under keys that speak of rates;
            ``maximize`` where it is true.
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

    ``shares`` are the numbers of earlier ones that hold any of its parameters;
    ``steps`` the updates that the state of one that was found counts.
    """

    optimizer: int
    class_name: str
    module: str
    how: str
    groups: tuple[Group, ...]
    where: Site
    shares: tuple[int, ...] = ()
    steps: float | None = None


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
        inside: numbers of the optimizers inside of what it drives.
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
    inside: tuple[int, ...] = ()


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
