"""Track: one parameter group's values over a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lrscope.errors import UsageError
from lrscope.recording.attempts import Attempts
from lrscope.recording.causes import causes_of
from lrscope.recording.earlier import Start, start_of
from lrscope.recording.internals import internals_of
from lrscope.recording.measuring import measured_of, parameters_of
from lrscope.recording.rowset import at
from lrscope.recording.values import LOSS, Logged, losses_before

if TYPE_CHECKING:
    from collections import Counter

    from numpy.typing import NDArray

    from lrscope.recording.events import Group
    from lrscope.recording.measured import Measured
    from lrscope.recording.process import Process


@dataclass(frozen=True, slots=True)
class OptimizerId:
    """An optimizer: its index in order of first step, its class and its name."""

    index: int
    class_name: str
    name: str


@dataclass(frozen=True, slots=True)
class GroupId:
    """A parameter group: its index in the optimizer and its name."""

    index: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Track:
    """One parameter group's values over a run; decoded when they are asked for.

    Attributes:
        optimizer: the optimizer's index in order of first step, class and name.
        group: the group's index in its optimizer, and its name.
        description: the group as it was when the recorder first met it.
    """

    optimizer: OptimizerId
    group: GroupId
    description: Group
    _process: Process = field(repr=False)
    _number: int = field(repr=False)

    @property
    def name(self) -> str:
        """Optimizer and group, such as "adamw/backbone"."""
        return f"{self.optimizer.name}/{self.group.name}"

    @property
    def process(self) -> Process:
        """The process that recorded it."""
        return self._process

    @property
    def number(self) -> int:
        """Number of the optimizer in the file."""
        return self._number

    @property
    def update_rows(self) -> NDArray[np.int64]:
        """The row of the process in which each entry of `applied` is."""
        rows, _ = self._process.column_of(self._number, self.group.index, "lr")
        return rows[at(self._process.updated, rows)]

    @cached_property
    def start(self) -> Start:
        """Where it goes on with a training that was begun before."""
        return start_of(self)

    @property
    def updates_before(self) -> int | None:
        """Updates its optimizer had behind it; None if the state given counts none."""
        return self.start.behind

    @cached_property
    def measured(self) -> Measured | None:
        """What measured steps really moved; None if nothing was measured."""
        return measured_of(self, parameters_of(self))

    @cached_property
    def parameters(self) -> dict[str, Measured]:
        """The same by parameter, where parameters were measured apart."""
        names = [each for each in parameters_of(self) if each is not None]
        found = {name: measured_of(self, [name]) for name in names}
        return {name: each for name, each in found.items() if each is not None}

    @cached_property
    def internals(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """By name, the numbers by which the optimizer changed its rate inside a step.

        At measured steps, counted as in `steps`; each value is the mean over the
        elements of the group.
        """
        return internals_of(self)

    @cached_property
    def loss(self) -> NDArray[np.float64]:
        """The loss that led to each entry of `applied`; NaN where none was recorded."""
        process, rows = self._process, self.update_rows
        losses = process.values.get(LOSS)
        if losses is None:
            return np.full(rows.size, np.nan)
        steps = [process.step_rows(each) for each in process.optimizers]
        return losses_before(rows, np.sort(np.concatenate(steps)), losses)

    def logged(self, name: str) -> Logged:
        """Return what the program logged under a name, with the updates before it.

        Args:
            name: that was given to `lrscope.log`.

        Raises:
            UsageError: nothing was logged under that name.

        Example:
            >>> run = lrscope.read_run("runs/a")  # doctest: +SKIP
            >>> run.track("adamw/all").logged("accuracy").values  # doctest: +SKIP
            array([0.71, 0.83])
        """
        process = self._process
        found = process.values.get(name)
        if found is None:
            names = ", ".join(process.values) or "nothing"
            msg = f"logged needs a name that has values, got {name!r}; "
            msg += f"this process recorded: {names}"
            raise UsageError(msg)
        steps = process.step_rows(self._number)
        updates = steps[at(process.updated, steps)]
        return Logged(
            name=name,
            steps=np.searchsorted(updates, found.rows),
            values=found.values,
        )

    @cached_property
    def attempted(self) -> Attempts:
        """One entry for every call of ``step()``."""
        process = self._process
        rows, lr = process.column_of(self._number, self.group.index, "lr")
        all_rows = process.step_rows(self._number)
        return Attempts(
            steps=np.searchsorted(all_rows, rows),
            lr=lr,
            updated=at(process.updated, rows),
            times=at(process.rows.times, rows),
        )

    @cached_property
    def applied(self) -> NDArray[np.float64]:
        """The rate of each step that really updated parameters, bit for bit."""
        rows, lr = self._process.column_of(self._number, self.group.index, "lr")
        updated = at(self._process.updated, rows)
        return lr if updated.all() else lr[updated]

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """The number of each such step, counted per optimizer from 0."""
        process = self._process
        updates = at(process.updated, process.step_rows(self._number))
        numbers = np.cumsum(updates) - 1
        attempted = self.attempted
        return numbers[attempted.steps][attempted.updated]

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """When each such step ended, seconds since 1970, within 10 ms."""
        return self.attempted.times[self.attempted.updated]

    @property
    def settings(self) -> tuple[str, ...]:
        """The numbers recorded beside the rate, such as "momentum", "betas[0]"."""
        own = self.description.settings
        names = [
            f"{key}[{index}]" if len(values) > 1 else key
            for key, values in own.items()
            for index in range(len(values))
        ]
        noted = self._process.history.noted(self._number, self.group.index)
        return tuple(dict.fromkeys([*names, *noted]))

    def setting(self, name: str) -> NDArray[np.float64]:
        """Return a number beside the rate, one value for each entry of `applied`.

        Raises:
            UsageError: the group has no such number.
        """
        if name not in self.settings:
            msg = f"{self.name} needs one of {', '.join(self.settings)}; got {name!r}"
            raise UsageError(msg)
        attempted = self.attempted
        key, _, index = name.rstrip("]").partition("[")
        made, place = self.description.settings.get(key, ()), int(index or 0)
        start = made[place] if place < len(made) else np.nan
        noted = self._process.history.noted(self._number, self.group.index)
        start = noted.get(name, start)
        values = np.full(len(attempted), start)
        rows, found = self._process.column_of(self._number, self.group.index, name)
        own = self._process.column_of(self._number, self.group.index, "lr")[0]
        values[np.isin(own, rows)] = found
        return values[attempted.updated]

    @cached_property
    def changed_by(self) -> Counter[str]:
        """Who changed the rate between updates, and how often.

        Keys read like "CosineAnnealingLR (train.py:41)" or "by hand (train.py:33)".
        """
        history = self._process.history
        return causes_of(history, self._number, self.update_rows, self.applied)

    def __len__(self) -> int:
        """Return how many steps updated parameters."""
        return int(self.applied.size)
