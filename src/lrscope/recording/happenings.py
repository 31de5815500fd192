"""Happenings: events that may come before every row, and cost nothing when they do."""

from __future__ import annotations

from dataclasses import dataclass

from lrscope.recording.event import Event, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Backward(Event):
    """``backward()`` was called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerStepped(Event):
    """A scheduler was stepped.

    Of timm's ``step`` and ``step_update`` only the one that may write a rate counts.

    Attributes:
        scheduler: its number.
        depth: 0 if the program stepped it, more if another scheduler did.
        where: the line that called ``step``.
        user: the user's line that led there, if that one is in a library.
        argument: name of the argument it was given, None if none.
        value: of that argument, where it was a number that could be read.
    """

    scheduler: int
    depth: int
    where: Site
    user: Site = None
    argument: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerStateSaved(Event):
    """``optimizer.state_dict()`` was called, most often to save it."""

    optimizer: int
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerStateSaved(Event):
    """``scheduler.state_dict()`` was called by the program, most often to save it."""

    scheduler: int
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class LrAsked(Event):
    """``scheduler.get_lr()`` of torch was called by the program, outside a step."""

    scheduler: int
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWritten(Event):
    """A rate changed with no scheduler step; ``where`` are the likely lines."""

    optimizer: int
    where: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassBegan(Event):
    """A pass over a DataLoader began; ``length`` is in batches, if it is known."""

    loader: int
    length: int | None
    batch_size: int | None
    where: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class PassEnded(Event):
    """A pass over a DataLoader was run to its end."""

    loader: int
