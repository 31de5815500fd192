"""Process: what one process of a run recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.recording import rows
from lrscope.recording.causes import causes_of
from lrscope.recording.contents import Contents, read_contents
from lrscope.recording.events import (
    Group,
    GroupAdded,
    GroupsChanged,
    NumberNoted,
    OptimizerConstructed,
)
from lrscope.recording.history import History
from lrscope.recording.rowset import Rowset, at
from lrscope.recording.track import GroupId, OptimizerId, Track

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lrscope.recording.passes import Pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How often things happened beside each other; the shape of a training loop.

    Attributes:
        updates: steps that really updated parameters.
        scheduler_steps: calls of ``scheduler.step()`` by the program.
        backward_calls: calls of ``backward()``.
        passes: passes over a DataLoader in which a step was taken.
        skipped: steps that updated nothing.
    """

    updates: int
    scheduler_steps: int
    backward_calls: int
    passes: int
    skipped: int


class Process:
    """One process: its tracks and its events.

    Attributes:
        path: of its log file.
        problem: what could not be read, in words; None if all could.
    """

    def __init__(self, path: Path, contents: Contents) -> None:
        """Interpret the contents; see `read_process`."""
        self.path = path
        self.problem = contents.problem
        self._contents = contents
        self.rows = Rowset(contents)

    @property
    def head(self) -> dict[str, Any]:
        """Versions, command, host and start of the process, as it wrote them."""
        return self._contents.head

    @property
    def rank(self) -> int | None:
        """Rank in a distributed job; None if there is no job."""
        return self.head.get("rank")

    @property
    def world_size(self) -> int | None:
        """Processes in the distributed job; None if there is no job."""
        return self.head.get("world_size")

    @property
    def pid(self) -> int:
        """Number of the process on its host."""
        return int(self.head["pid"])

    @property
    def segment(self) -> int:
        """Number of the segment of the run, from 0."""
        return int(self.head["segment"])

    @property
    def command(self) -> tuple[str, ...]:
        """The command line, values of secret-looking options hidden."""
        return tuple(self.head["command"])

    @property
    def started(self) -> float:
        """When recording began, seconds since 1970."""
        return float(self.head["started"])

    @cached_property
    def history(self) -> History:
        """What happened between the rows."""
        return History(self._contents, self.rows)

    @property
    def events(self) -> History:
        """Everything that happened, in order, as typed values."""
        return self.history

    @cached_property
    def ended(self) -> bool:
        """Whether the process ended in order (not killed, not running still)."""
        return any(
            each.get("event") == "process_ended" for each in self._contents.events
        )

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """One track for each group of each optimizer that took a step."""
        return tuple(
            Track(
                optimizer=optimizer,
                group=GroupId(group.number, name),
                description=group,
                _process=self,
                _number=number,
            )
            for number, optimizer in self.optimizers.items()
            for group, name in self._groups_of(number)
        )

    @cached_property
    def _constructed(self) -> dict[int, OptimizerConstructed]:
        found = self.history.of(OptimizerConstructed)
        return {each.optimizer: each for each in found}

    @cached_property
    def optimizers(self) -> dict[int, OptimizerId]:
        """Optimizers that took a step, by their number in the file."""
        firsts = {
            number: int(self.step_rows(number)[0])
            for number in self._step_layouts
            if self.step_rows(number).size
        }
        numbers = sorted(firsts, key=firsts.__getitem__)
        classes = [self._class_of(number) for number in numbers]
        seen: Counter[str] = Counter()
        found = {}
        for index, (number, kind) in enumerate(zip(numbers, classes, strict=True)):
            name = kind.lower()
            if classes.count(kind) > 1:
                name, seen[kind] = f"{name}{seen[kind]}", seen[kind] + 1
            found[number] = OptimizerId(index, kind, name)
        return found

    def _class_of(self, number: int) -> str:
        constructed = self._constructed.get(number)
        return constructed.class_name if constructed else f"optimizer{number}"

    def _groups_of(self, number: int) -> list[tuple[Group, str]]:
        described: dict[int, Group] = {}
        telling: tuple[OptimizerConstructed | GroupAdded | GroupsChanged, ...] = (
            *self.history.of(OptimizerConstructed),
            *self.history.of(GroupAdded),
            *self.history.of(GroupsChanged),
        )
        for event in telling:
            if event.optimizer == number:
                described.update({each.number: each for each in event.groups})
        stepped = {
            group
            for layout in self._step_layouts[number]
            for group, key in self._contents.layouts[layout]["columns"]
            if key == "lr"
        }
        groups = [described[each] for each in sorted(stepped) if each in described]
        names = Counter(each.name for each in groups)
        return [
            (each, each.name if names[each.name] == 1 else f"{each.name}#{each.number}")
            for each in groups
        ]

    @cached_property
    def _step_layouts(self) -> dict[int, list[int]]:
        """Layouts of step rows, by the number of their optimizer in the file."""
        found: dict[int, list[int]] = {}
        for number, layout in self._contents.layouts.items():
            if layout.get("holds") == "step":
                found.setdefault(int(layout["optimizer"]), []).append(number)
        return found

    def step_rows(self, optimizer: int) -> NDArray[np.int64]:
        """Return the rows of an optimizer's steps, by its number in the file."""
        known = self.__dict__.setdefault("_step_rows", {})
        if optimizer not in known:
            known[optimizer] = self.rows.rows_of(self._step_layouts[optimizer])
        return known[optimizer]  # type: ignore[no-any-return]

    @cached_property
    def updated(self) -> NDArray[np.bool_]:
        """For each row, whether it is a step that updated parameters."""
        updated = (self.rows.flags & rows.UPDATED) > 0
        for late in self._late:
            if "updated" in late and late["row"] < updated.size:
                updated[late["row"]] = late["updated"]
        return updated

    @property
    def _late(self) -> list[dict[str, Any]]:
        """Values that arrived from a device after their row was written."""
        return [
            late
            for event in self._contents.events
            if event.get("event") == "values_arrived"
            for late in event["rows"]
        ]

    def column_of(
        self, optimizer: int, group: int, key: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows that hold a number of a group, and the numbers."""
        wanted = {
            layout: self._contents.layouts[layout]["columns"].index([group, key])
            for layout in self._step_layouts[optimizer]
            if [group, key] in self._contents.layouts[layout]["columns"]
        }
        found, values = self.rows.column(wanted)
        late = {
            each["row"]: value
            for each in self._late
            for column, value in each["values"]
            if column in wanted.values()
        }
        for row, value in late.items():
            place = int(np.searchsorted(found, row))
            if place < found.size and found[place] == row and np.isnan(values[place]):
                values[place] = value
        return found, values

    def noted(self, optimizer: int, group: int) -> dict[str, float]:
        """Return the numbers beside a group's rate as they were before they moved."""
        return {
            each.name: np.nan if each.value is None else float(each.value)
            for each in self.history.of(NumberNoted)
            if each.optimizer == optimizer and each.group == group
        }

    def causes(self, track: Track) -> Counter[str]:
        """Count who changed a track's rate; see `Track.changed_by`."""
        number = next(k for k, v in self.optimizers.items() if v == track.optimizer)
        own, lr = self.column_of(number, track.group.index, "lr")
        keep = at(self.updated, own)
        return causes_of(self.history, number, own[keep], lr[keep])

    def ratio(self, optimizer: int | None = None) -> Ratio:
        """Return how often things happened, for one optimizer by index or for all.

        Scheduler steps are counted of schedulers that drive the optimizer; backward
        calls and passes are those of the process.
        """
        chosen = [
            number
            for number, each in self.optimizers.items()
            if optimizer is None or each.index == optimizer
        ]
        calls = [self.step_rows(each) for each in chosen]
        attempts = sum(int(each.size) for each in calls)
        updates = sum(int(at(self.updated, each).sum()) for each in calls)
        every = None if optimizer is None else chosen[0]
        return Ratio(
            updates=updates,
            scheduler_steps=self.history.count_scheduler_steps(every),
            backward_calls=self.history.count("backward"),
            passes=sum(each.steps > 0 for each in self.history.passes),
            skipped=attempts - updates,
        )

    @property
    def passes(self) -> tuple[Pass, ...]:
        """Passes over DataLoaders, in order of their beginning."""
        return self.history.passes

    def __repr__(self) -> str:
        """Say which process of the run this is."""
        rank = "" if self.rank is None else f"rank {self.rank}, "
        return f"<Process {rank}pid {self.pid}, segment {self.segment}>"


def read_process(path: Path) -> Process:
    """Read the recording of one process.

    Raises:
        RecordingError: it cannot be read at all.
    """
    return Process(path, read_contents(path))
