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
from lrscope.recording.frequent import Frequent
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
        self._of_kind: dict[Any, Any] = {}
        self._of_one: dict[Any, Any] = {}

    @cached_property
    def rare(self) -> list[tuple[int, int, events.Event]]:
        """Rare events with the row and the place before it, in order."""
        found = []
        for each in self.contents.events:
            row, after = int(each.get("row", 0)), int(each.get("after", 0))
            if after:  # of the items that come with that row; one of a loss has none
                row = self.rowset.next_with_items(row)
            found.append((row, after, told.rare(each)))
        return sorted(found, key=lambda each: each[:2])

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return the events of one kind, in order."""
        found = self._of_kind.get(kind)
        if found is None:
            rare = kind in told.RARE.values()
            among = (each for _, _, each in self.rare) if rare else self
            found = tuple(each for each in among if isinstance(each, kind))
            self._of_kind[kind] = found
        return found

    def of_one(self, kind: type[Kind], number: int) -> tuple[Kind, ...]:
        """Return the events of one kind about one optimizer, or about one scheduler.

        Args:
            kind: of the events.
            number: of the optimizer; of the scheduler if the kind has no optimizer.
        """
        found = self._of_one.get(kind)
        if found is None:
            found = self._of_one[kind] = {}
            for each in self.of(kind):
                whose = getattr(each, "optimizer", getattr(each, "scheduler", None))
                found.setdefault(whose, []).append(each)
        return tuple(found.get(number, ()))

    @cached_property
    def rare_of(self) -> dict[int | None, list[tuple[int, events.Event]]]:
        """Rare events with the row before them, by their optimizer or their owner's."""
        found: dict[int | None, list[tuple[int, events.Event]]] = {}
        for row, _, event in self.rare:
            whose = (getattr(event, "optimizer", None),)
            if hasattr(event, "scheduler"):
                whose = self.owners.get(event.scheduler, whose)
            for each in whose:
                found.setdefault(each, []).append((row, event))
        return found

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

    @cached_property
    def frequent(self) -> Frequent:
        """What happens all the time, counted."""
        return Frequent(self.contents, self.rowset)

    def items(self, happened: str) -> dict[int, dict[str, Any]]:
        """Return the items of one kind by number, by its name in the file."""
        return self.frequent.items(happened)

    def count(self, happened: str, begin: int = 0, end: int | None = None) -> int:
        """Return how often something frequent happened.

        Args:
            happened: its name in the file.
            begin: row from which on it counts, with what came before that row.
            end: row before which it must have happened; None for all to the end.
        """
        return self.frequent.times_of(self.items(happened), begin, end)

    def count_scheduler_steps(self, optimizer: int | None = None) -> int:
        """Return how often the program stepped schedulers, of one optimizer or all."""
        own = self.own_schedulers
        chosen = own.values() if optimizer is None else [own.get(optimizer, [])]
        return self.frequent.times_of(
            {
                number
                for schedulers in chosen
                for each in schedulers
                for number in self.steps_of.get(each, ())
            }
        )

    @cached_property
    def steps_of(self) -> dict[int, dict[int, dict[str, Any]]]:
        """The items that say that the program stepped a scheduler, by its number."""
        found: dict[int, dict[int, dict[str, Any]]] = {}
        for number, item in self.items("scheduler_stepped").items():
            if item.get("depth") == 0:
                found.setdefault(item["scheduler"], {})[number] = item
        return found

    @cached_property
    def written_by_hand(self) -> dict[int | None, dict[int, dict[str, Any]]]:
        """The items that say that rates were written by hand, by optimizer."""
        found: dict[int | None, dict[int, dict[str, Any]]] = {}
        for number, item in self.items("rate_written").items():
            found.setdefault(item.get("optimizer"), {})[number] = item
        return found

    @cached_property
    def own_schedulers(self) -> dict[int | None, list[int]]:
        """The numbers of the schedulers that were stepped, by their optimizer's."""
        found: dict[int | None, list[int]] = {}
        for each in self.steps_of:
            for owner in self.owners.get(each, (None,)):
                found.setdefault(owner, []).append(each)
        return found

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
            *self.of_one(events.OptimizerConstructed, optimizer),
            *self.of_one(events.GroupAdded, optimizer),
            *self.of_one(events.GroupsChanged, optimizer),
        )
        return {group.number: group for event in telling for group in event.groups}

    def noted(self, optimizer: int, group: int) -> dict[str, float]:
        """Return the numbers beside a group's rate as they were before they moved."""
        return {
            each.name: np.nan if each.value is None else float(each.value)
            for each in self.of_one(events.NumberNoted, optimizer)[::-1]
            if each.group == group
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
            each.scheduler: tuple(dict.fromkeys((each.optimizer, *each.inside)))
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
