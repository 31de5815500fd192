"""History: what happened between the rows, in order.

Frequent events are kept as runs of items by signature, so that a million steps
take no more room than one; they become objects while they are iterated over.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from lrscope.recording import events, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.recording.contents import Contents
    from lrscope.recording.rowset import Rowset

    Kind = TypeVar("Kind", bound=events.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass over a DataLoader.

    Attributes:
        loader: number of the loader.
        length: batches that a whole pass has; None if only running it can tell.
        first: row before which it began.
        last: row before which it ended; None if it was left before its end.
        steps: optimizer steps taken in it.
    """

    loader: int
    length: int | None
    first: int
    last: int | None
    steps: int


class History:
    """Everything that happened in a process, in order; iterate over it."""

    def __init__(self, contents: Contents, rowset: Rowset) -> None:
        """Take the contents of a recording and its rows."""
        self._contents = contents
        self._rows = rowset

    @cached_property
    def _rare(self) -> list[tuple[int, int, events.Event]]:
        """Rare events with the row and the place before it, in order."""
        found = [
            (int(each.get("row", 0)), int(each.get("after", 0)), events.rare(each))
            for each in self._contents.events
            if each.get("event") != "values_arrived"
        ]
        return sorted(found, key=lambda each: each[:2])

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return the events of one kind, in order."""
        if kind in events.RARE.values():
            return tuple(e for _, _, e in self._rare if isinstance(e, kind))
        return tuple(each for each in self if isinstance(each, kind))

    def __iter__(self) -> Iterator[events.Event]:
        """Yield every event, frequent ones and optimizer steps included, in order."""
        rare = list(self._rare)[::-1]
        layouts = self._layout_of_row
        signatures = self._rows.signatures.tolist()
        flags = self._rows.flags.tolist()
        times = self._rows.times.tolist()
        for row, signature in enumerate(signatures):
            made: list[events.Event] = []
            for item, count in self._contents.signatures.get(signature, ()):
                plain = self._contents.items.get(item, {})
                made += [events.frequent(plain, row, times[row])] * count
            layout = self._contents.layouts.get(layouts[row], {})
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
        from dataclasses import replace

        return replace(event, value=self._arguments.get(row))

    @cached_property
    def _arguments(self) -> dict[int, float]:
        wanted = {
            number: 0
            for number, layout in self._contents.layouts.items()
            if layout.get("holds") == "argument"
        }
        found, values = self._rows.column(wanted)
        return dict(zip(found.tolist(), values.tolist(), strict=True))

    @cached_property
    def _layout_of_row(self) -> list[int]:
        parts = [chunk.order() for chunk in self._contents.chunks]
        return np.concatenate(parts).tolist() if parts else []

    @cached_property
    def _uses(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return np.unique(self._rows.signatures, return_counts=True)

    def _times_of(self, chosen: set[int]) -> int:
        """Return how often any of some items happened."""
        total = 0
        for signature, uses in zip(*(each.tolist() for each in self._uses), strict=True):
            runs = self._contents.signatures.get(signature, ())
            total += uses * sum(count for item, count in runs if item in chosen)
        return total

    def _items(self, happened: str) -> dict[int, dict[str, Any]]:
        return {
            number: item
            for number, item in self._contents.items.items()
            if item.get("happened") == happened
        }

    def count(self, happened: str) -> int:
        """Return how often something frequent happened, by its name in the file."""
        return self._times_of(set(self._items(happened)))

    def count_scheduler_steps(self, optimizer: int | None = None) -> int:
        """Return how often the program stepped schedulers, of one optimizer or all."""
        owners = self._owners
        return self._times_of({
            number
            for number, item in self._items("scheduler_stepped").items()
            if item.get("depth") == 0
            if optimizer is None or owners.get(item["scheduler"]) == optimizer
        })

    @cached_property
    def _schedulers(self) -> dict[int, events.SchedulerConstructed]:
        found = self.of(events.SchedulerConstructed)
        return {each.scheduler: each for each in found}

    @cached_property
    def _owners(self) -> dict[int, int | None]:
        return {each.scheduler: each.optimizer for each in self._schedulers.values()}

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """Passes over DataLoaders, in order of their beginning."""
        kinds = {**self._items("pass_began"), **self._items("pass_ended")}
        telling = {
            signature: [
                kinds[item] for item, count in runs for _ in range(count) if item in kinds
            ]
            for signature, runs in self._contents.signatures.items()
        }
        telling = {signature: found for signature, found in telling.items() if found}
        where = np.flatnonzero(np.isin(self._rows.signatures, list(telling)))
        signatures = self._rows.signatures[where].tolist()
        steps = np.concatenate(([0], np.cumsum(self._is_step)))
        found: list[dict[str, Any]] = []
        running: dict[int, dict[str, Any]] = {}
        for row, signature in zip(where.tolist(), signatures, strict=True):
            for item in telling[signature]:
                if item["happened"] == "pass_began":
                    begun = {"loader": item["loader"], "length": item.get("length")}
                    begun |= {"first": row, "last": None}
                    running[item["loader"]] = begun
                    found.append(begun)
                elif item["loader"] in running:
                    running.pop(item["loader"])["last"] = row
        following = {each["loader"]: self._rows.count for each in found}
        passes = []
        for each in reversed(found):
            stop = each["last"] if each["last"] is not None else following[each["loader"]]
            following[each["loader"]] = each["first"]
            taken = int(steps[stop] - steps[each["first"]])
            passes.append(Pass(steps=taken, **each))
        return tuple(reversed(passes))

    @cached_property
    def _is_step(self) -> NDArray[np.bool_]:
        layouts = [
            number
            for number, layout in self._contents.layouts.items()
            if layout.get("holds") == "step"
        ]
        is_step = np.zeros(self._rows.count, bool)
        is_step[self._rows.rows_of(layouts)] = True
        return is_step

    def causes(
        self, optimizer: int, own: NDArray[np.int64], lr: NDArray[np.float64]
    ) -> Counter[str]:
        """Count what changed a rate between the rows ``own``, whose rates are ``lr``."""
        changed = np.flatnonzero(lr[1:] != lr[:-1]) + 1
        if not changed.size:
            return Counter()
        between = np.stack([own[changed - 1], own[changed]])
        happened = {
            name: _happened_between(marks, between)
            for name, marks in self._marks(optimizer).items()
        }
        found: Counter[str] = Counter()
        names = list(happened)
        matrix = np.array([happened[name] for name in names]) if names else None
        if matrix is None:
            return Counter({"unknown": int(changed.size)})
        kinds, counts = np.unique(matrix, axis=1, return_counts=True)
        for kind, count in zip(kinds.T.tolist(), counts.tolist(), strict=True):
            causes = [name for name, present in zip(names, kind, strict=True) if present]
            found[" + ".join(causes) or "unknown"] += count
        return found

    def _marks(self, optimizer: int) -> dict[str, NDArray[np.bool_]]:
        """For each possible cause, the rows before which it happened."""
        owners = self._owners
        names: dict[str, set[int]] = {}
        for number, item in self._items("scheduler_stepped").items():
            scheduler = self._schedulers.get(item["scheduler"])
            if item.get("depth") == 0 and owners.get(item["scheduler"]) == optimizer:
                kind = scheduler.class_name if scheduler else "a scheduler"
                names.setdefault(f"{kind}{_place(item.get('where'))}", set()).add(number)
        for number, item in self._items("rate_written").items():
            if item.get("optimizer") == optimizer:
                names.setdefault(f"by hand{_places(item.get('where'))}", set()).add(number)
        marks = {}
        for name, items in names.items():
            telling = [
                signature
                for signature, runs in self._contents.signatures.items()
                if any(item in items for item, _ in runs)
            ]
            marks[name] = np.isin(self._rows.signatures, telling)
        for event in self._rare:
            name = _rare_cause(event[2], optimizer, owners)
            if name and event[0] < self._rows.count:
                rows_before = marks.setdefault(name, np.zeros(self._rows.count, bool))
                rows_before[event[0]] = True
        return marks


def _happened_between(
    marks: NDArray[np.bool_], between: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say for each pair of rows a < b whether something marked came between them."""
    total = np.concatenate(([0], np.cumsum(marks)))
    # a mark at row r happened before r: between a and b if a < r <= b
    return total[between[1] + 1] > total[between[0] + 1]


def _rare_cause(
    event: events.Event, optimizer: int, owners: dict[int, int | None]
) -> str | None:
    if isinstance(event, events.OptimizerStateLoaded) and event.optimizer == optimizer:
        return f"optimizer.load_state_dict{_place(event.where)}"
    if isinstance(event, events.SchedulerStateLoaded):
        if owners.get(event.scheduler) == optimizer:
            return f"scheduler.load_state_dict{_place(event.where)}"
    if (
        isinstance(event, events.SchedulerConstructed)
        and event.optimizer == optimizer
        and event.how == "constructed"
    ):
        return f"{event.class_name}(){_place(event.where)}"
    return None


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


def _place(where: Any) -> str:
    return f" ({os.path.basename(where[0])}:{where[1]})" if where else ""


def _places(where: Any) -> str:
    if not where:
        return ""
    shown = [f"{os.path.basename(file)}:{line}" for file, line in where[:3]]
    return f" ({' or '.join(shown)}{' …' if len(where) > 3 else ''})"
