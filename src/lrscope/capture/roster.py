"""Roster: the schedulers that were met, and how each is introduced."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any

from lrscope.capture.descriptions import (
    children_of,
    kept_arguments_of,
    rates_of,
    state_of,
)
from lrscope.capture.plain import plain
from lrscope.sites import program_line
from lrscope.wrapped import inside_of

if TYPE_CHECKING:
    from types import FrameType

    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.watch import Watch


class SchedulerWatch:
    """What is known of one scheduler."""

    __slots__ = (
        "caller", "depth", "item", "items", "lasti", "number", "owner", "steps_alone",
        "wrote",
    )  # fmt: skip

    def __init__(self, number: int) -> None:
        """Number it in the order in which schedulers were met."""
        self.number = number
        self.owner: Watch | None = None
        self.items: dict[tuple[int, int, int], tuple[int, Any]] = {}
        self.wrote: Any = True  # a reference to it, if it keeps what it wrote
        self.steps_alone = False  # its step calls no other scheduler's
        self.lasti = -1  # where and by what code it was stepped last, and the item
        self.caller: Any = None
        self.depth = 0  # how many schedulers were stepping then
        self.item = -1


class Roster:
    """Numbers schedulers in the order in which they were met.

    Attributes:
        watches: by identity, of those that exist.
    """

    def __init__(self, journal: Journal, optimizers: OptimizerWitness) -> None:
        """Know no scheduler yet."""
        self.watches: dict[int, SchedulerWatch] = {}
        self._journal = journal
        self._optimizers = optimizers
        self._met = itertools.count()

    def number_of(self, scheduler: Any, frame: FrameType) -> int:
        """Return the number of a scheduler; see `watch_of`."""
        return self.watch_of(scheduler, frame).number

    def watch_of(self, scheduler: Any, frame: FrameType) -> SchedulerWatch:
        """Return the watch of a scheduler, made now if it was not seen being made.

        Args:
            scheduler: it.
            frame: of the code that uses it.
        """
        known = self.watches.get(id(scheduler))
        return known or self.meet(scheduler, None, frame)

    def meet(
        self,
        scheduler: Any,
        arguments: dict[str, Any] | None,
        frame: FrameType,
        rates_before: list[Any] | None = None,
    ) -> SchedulerWatch:
        """Introduce a scheduler, and return its watch.

        Args:
            scheduler: it.
            arguments: of its constructor; None if it was not seen being made.
            frame: of the code that made or uses it.
            rates_before: of its optimizer before it was made.
        """
        watch = self.watches.get(id(scheduler))
        if watch is None:
            watch = self.watches[id(scheduler)] = SchedulerWatch(next(self._met))
            forget = self.watches.pop
            weakref.finalize(scheduler, forget, id(scheduler), None).atexit = False
        watch.owner = self._owner_of(scheduler)
        # torch's own keep what they wrote in _last_lr
        module = type(scheduler).__module__
        if module == "torch.optim.lr_scheduler" and hasattr(scheduler, "_last_lr"):
            watch.wrote = weakref.ref(scheduler)
            watch.steps_alone = not children_of(scheduler)
        if watch.owner is not None:
            watch.owner.explained = True
        given = kept_arguments_of(scheduler) if arguments is None else arguments
        driven = getattr(scheduler, "optimizer", None)
        own = watch.owner is None or watch.owner.owner == id(driven)
        self._journal.event(
            "scheduler_constructed",
            scheduler=watch.number,
            class_name=type(scheduler).__name__,
            module=type(scheduler).__module__,
            how="found" if arguments is None else "constructed",
            optimizer=None if watch.owner is None else watch.owner.number,
            arguments=plain(given, self.refer),
            attributes=state_of(scheduler, self.refer),
            children=[
                self.watch_of(each, frame).number for each in children_of(scheduler)
            ],
            rates=[plain(each, self.refer) for each in rates_of(driven)],
            rates_before=[plain(each, self.refer) for each in rates_before or ()],
            wrapper=None if own or driven is None else type(driven).__name__,
            inside=[self._optimizers.meet(each).number for each in inside_of(driven)],
            where=program_line(frame) if arguments is not None else [],
        )
        return watch

    def _owner_of(self, scheduler: Any) -> Watch | None:
        optimizer = getattr(scheduler, "optimizer", None)
        if optimizer is None:
            owners = {self._owner_of(child) for child in children_of(scheduler)}
            return owners.pop() if len(owners) == 1 else None
        inside = inside_of(optimizer)
        wrapped = inside[0] if len(inside) == 1 else optimizer
        return self._optimizers.watch_for(wrapped)

    def refer(self, value: Any) -> dict[str, int] | None:
        """Return what stands for a scheduler or an optimizer; None for all else."""
        watch = self.watches.get(id(value))
        if watch is not None:
            return {"scheduler": watch.number}
        owner = self._optimizers.watches.get(id(value))
        return None if owner is None else {"optimizer": owner.number}
