"""Process: what one process of a run recorded."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from lrscope import optimizer_names
from lrscope.errors import UsageError
from lrscope.recording.contents import Contents, read_contents
from lrscope.recording.history import History
from lrscope.recording.naming import also_called, named
from lrscope.recording.ratio import Ratio, ratio_of
from lrscope.recording.rowset import Rowset
from lrscope.recording.track import GroupId, OptimizerId, Track
from lrscope.recording.values import Values, values_in

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lrscope.recording.events import Group
    from lrscope.recording.passes import Pass


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

    @property
    def layouts(self) -> dict[int, dict[str, Any]]:
        """What the values of a row mean, by number of its layout."""
        return self._contents.layouts

    @cached_property
    def layouts_of(self) -> dict[int | None, dict[int, dict[str, Any]]]:
        """The same of each optimizer alone."""
        found: dict[int | None, dict[int, dict[str, Any]]] = {}
        for number, layout in self.layouts.items():
            found.setdefault(layout.get("optimizer"), {})[number] = layout
        return found

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
    def tracks_of(self) -> dict[OptimizerId, list[Track]]:
        """The tracks of each optimizer."""
        found: dict[OptimizerId, list[Track]] = {}
        for each in self.tracks:
            found.setdefault(each.optimizer, []).append(each)
        return found

    def track(self, name: str) -> Track:
        """Return the track called ``name``.

        Args:
            name: "optimizer/group"; the optimizer may be left out if no other
                optimizer has a group of that name, the group if it has only one.

        Raises:
            UsageError: there is no such track, or more than one.
        """
        found = [each for each in self.tracks if name in (each.name, each.group.name)]
        exact = [each for each in found if each.name == name]
        found = exact or found or [e for e in self.tracks if name in also_called(e)]
        if len(found) != 1:
            names = ", ".join(each.name for each in self.tracks)
            problem = "there is no track" if not found else "there are several tracks"
            msg = f"{problem} called {name!r}; the tracks of this run are: {names}"
            raise UsageError(msg)
        return found[0]

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
        names = optimizer_names.names_of(classes)
        told = zip(numbers, classes, names, strict=True)
        return {
            number: OptimizerId(index, kind, name)
            for index, (number, kind, name) in enumerate(told)
        }

    def _class_of(self, number: int) -> str:
        constructed = self.history.optimizers.get(number)
        return constructed.class_name if constructed else f"optimizer{number}"

    def _groups_of(self, number: int) -> list[tuple[Group, str]]:
        described = self.history.groups_of(number)
        stepped = {
            group
            for layout in self._step_layouts[number]
            for group, key in self._contents.layouts[layout]["columns"]
            if key == "lr"
        }
        groups = [described[each] for each in sorted(stepped) if each in described]
        return named(groups, self.history.optimizers.get(number))

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

    @property
    def updated(self) -> NDArray[np.bool_]:
        """For each row, whether it is a step that updated parameters."""
        return self.rows.updated

    def column_of(
        self, optimizer: int, group: int, key: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows that hold a number of a group, and the numbers."""
        wanted = {
            layout: self._contents.layouts[layout]["columns"].index([group, key])
            for layout in self._step_layouts[optimizer]
            if [group, key] in self._contents.layouts[layout]["columns"]
        }
        return self.rows.column(wanted)

    def ratio(self, optimizer: int | None = None) -> Ratio:
        """Return how often things happened, for one optimizer by index or for all."""
        return ratio_of(self, optimizer)

    @cached_property
    def values(self) -> dict[str, Values]:
        """What the program logged, by name; "loss" is what backward was called on."""
        return values_in(self)

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
