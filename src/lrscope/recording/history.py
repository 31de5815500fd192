"""History: what happened between the rows, in order.

Frequent events are kept as runs of items by signature, so that a million steps
take no more room than one; they become objects while they are iterated over.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from lrscope.recording import events, rows, told
from lrscope.recording.passes import Pass, passes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.recording.contents import Contents
    from lrscope.recording.rowset import Rowset

    Kind = TypeVar("Kind", bound=events.Event)


class History:
    """Everything that happened in a process, in order; iterate over it."""

    def __init__(self, contents: Contents, rowset: Rowset) -> None:
        """Take the contents of a recording and its rows."""
        self.contents = contents
        self.rowset = rowset

    @cached_property
    def rare(self) -> list[tuple[int, int, events.Event]]:
        """Rare events with the row and the place before it, in order."""
        found = [
            (int(each.get("row", 0)), int(each.get("after", 0)), told.rare(each))
            for each in self.contents.events
        ]
        return sorted(found, key=lambda each: each[:2])

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return the events of one kind, in order."""
        if kind in told.RARE.values():
            return tuple(e for _, _, e in self.rare if isinstance(e, kind))
        return tuple(each for each in self if isinstance(each, kind))

    def __iter__(self) -> Iterator[events.Event]:
        """Yield every event, frequent ones and optimizer steps included, in order."""
        rare = list(self.rare)[::-1]
        layouts = self._layout_of_row
        signatures = self.rowset.signatures.tolist()
        flags = self.rowset.flags.tolist()
        times = self.rowset.times.tolist()
        for row, signature in enumerate(signatures):
            made: list[events.Event] = []
            for item, count in self.contents.signatures.get(signature, ()):
                plain = self.contents.items.get(item, {})
                made += [told.frequent(plain, row, times[row])] * count
            layout = self.contents.layouts.get(layouts[row], {})
            for place in range(len(made) + 1):
                while rare and rare[-1][:2] <= (row, place):
                    yield rare.pop()[2]
                if place < len(made):
                    yield self._with_value(made, place, layout, row)
            if layout.get("holds") == "step":
                yield _step(layout, flags[row], row, times[row])
        while rare:
            yield rare.pop()[2]

    def _with_value(
        self, made: list[events.Event], place: int, layout: dict[str, Any], row: int
    ) -> events.Event:
        event = made[place]
        last = place == len(made) - 1
        if not (last and layout.get("holds") == "argument"):
            return event
        if not isinstance(event, events.SchedulerStepped):
            return event
        return replace(event, value=self._arguments.get(row))

    @cached_property
    def _arguments(self) -> dict[int, float]:
        wanted = {
            number: 0
            for number, layout in self.contents.layouts.items()
            if layout.get("holds") == "argument"
        }
        found, values = self.rowset.column(wanted)
        return dict(zip(found.tolist(), values.tolist(), strict=True))

    @cached_property
    def _layout_of_row(self) -> list[int]:
        parts = [chunk.order() for chunk in self.contents.chunks]
        return np.concatenate(parts).tolist() if parts else []

    def _times_of(self, chosen: set[int]) -> int:
        """Return how often any of some items happened."""
        total = 0
        for signature, uses in enumerate(self.rowset.uses.tolist()):
            runs = self.contents.signatures.get(signature, ()) if uses else ()
            total += uses * sum(count for item, count in runs if item in chosen)
        return total

    def items(self, happened: str) -> dict[int, dict[str, Any]]:
        """Return the items of one kind by number, by its name in the file."""
        return {
            number: item
            for number, item in self.contents.items.items()
            if item.get("happened") == happened
        }

    def count(self, happened: str) -> int:
        """Return how often something frequent happened, by its name in the file."""
        return self._times_of(set(self.items(happened)))

    def count_scheduler_steps(self, optimizer: int | None = None) -> int:
        """Return how often the program stepped schedulers, of one optimizer or all."""
        owners = self.owners
        return self._times_of(
            {
                number
                for number, item in self.items("scheduler_stepped").items()
                if item.get("depth") == 0
                if optimizer is None or optimizer in owners.get(item["scheduler"], ())
            }
        )

    @cached_property
    def optimizers(self) -> dict[int, events.OptimizerConstructed]:
        """Optimizers by number, as they were constructed."""
        found = self.of(events.OptimizerConstructed)
        return {each.optimizer: each for each in found}

    def groups_of(self, optimizer: int) -> dict[int, events.Group]:
        """Return the groups of an optimizer by number, as they were introduced."""
        telling: tuple[
            events.OptimizerConstructed | events.GroupAdded | events.GroupsChanged, ...
        ] = (
            *self.of(events.OptimizerConstructed),
            *self.of(events.GroupAdded),
            *self.of(events.GroupsChanged),
        )
        return {
            group.number: group
            for event in telling
            if event.optimizer == optimizer
            for group in event.groups
        }

    def noted(self, optimizer: int, group: int) -> dict[str, float]:
        """Return the numbers beside a group's rate as they were before they moved."""
        return {
            each.name: np.nan if each.value is None else float(each.value)
            for each in self.of(events.NumberNoted)
            if each.optimizer == optimizer and each.group == group
        }

    @cached_property
    def schedulers(self) -> dict[int, events.SchedulerConstructed]:
        """Schedulers by number, as they were constructed."""
        found = self.of(events.SchedulerConstructed)
        return {each.scheduler: each for each in found}

    @cached_property
    def owners(self) -> dict[int, tuple[int | None, ...]]:
        """The numbers of the optimizers that each scheduler drives, where known.

        Those inside of a wrapper are among them.
        """
        return {
            each.scheduler: (each.optimizer, *each.inside)
            for each in self.schedulers.values()
        }

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """Passes over DataLoaders, in order of their beginning."""
        return passes_in(self.contents, self.rowset)


def _step(layout: dict[str, Any], flags: int, row: int, time: float) -> events.Event:
    return events.OptimizerStepped(
        row=row,
        time=time,
        optimizer=int(layout["optimizer"]),
        updated=bool(flags & rows.UPDATED),
        overflow=bool(flags & rows.OVERFLOW),
        no_gradient=bool(flags & rows.NO_GRADIENT),
        scaled=bool(flags & rows.SCALED),
    )
