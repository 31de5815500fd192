"""Group: the rates that one parameter group was really updated with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.subject import About
from lrscope.recording.rowset import AT_A_TIME, at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.site import Sites
    from lrscope.recording.track import Track


@dataclass(frozen=True)
class Group(About):
    """One group of an optimizer that took a step.

    Attributes:
        track: its values as they were recorded.
        optimizer: the optimizer it belongs to.
    """

    track: Track
    optimizer: Optimizer

    @property
    def about(self) -> Optimizer:
        """The optimizer it belongs to."""
        return self.optimizer

    @property
    def group_name(self) -> str:
        """Its own name."""
        return self.track.group.name

    @property
    def where(self) -> Sites:
        """The lines that change its rate."""
        return self.optimizer.writers

    @property
    def index(self) -> int:
        """Its place among the groups of the optimizer."""
        return self.track.group.index

    @cached_property
    def _updates(self) -> tuple[int, NDArray[np.float64]]:
        """Its first update and its rates; the rows, as many again, are not kept."""
        process, optimizer = self.training.process, self.optimizer
        rows, lr = process.column_of(optimizer.number, self.index, "lr")
        updated = at(process.updated, rows)
        if not updated.any():
            return 0, lr[:0]
        first = rows[np.argmax(updated)]
        before = optimizer.updated[: np.searchsorted(optimizer.calls, first)]
        return int(before.sum()), lr if updated.all() else lr[updated]

    @property
    def applied(self) -> NDArray[np.float64]:
        """The rate of each update, NaN where it was no number."""
        return self._updates[1]

    @property
    def begins(self) -> int:
        """The first update it took part in, counted per optimizer from 0."""
        return self._updates[0]

    @property
    def last(self) -> int:
        """The last update it took part in, counted alike."""
        return self.begins + int(self.applied.size) - 1

    @property
    def unread_from(self) -> int:
        """The first of `applied` whose NaN may stand for a rate that was not read.

        That a column held no number is noted once; all after it may be unread, too.
        """
        noted = [e.row for e in self.optimizer.not_numbers if e.column == self.index]
        rows = self.track.update_rows
        return int(np.searchsorted(rows, min(noted, default=np.inf)))

    @property
    def made_with(self) -> float:
        """The rate it was made with; that of its first update if it was no number."""
        made = self.track.description.lr
        return made if np.isfinite(made) else float(self.applied[0])

    @cached_property
    def is_finite(self) -> bool:
        """Whether the rate of each update is a finite number."""
        return bool(np.isfinite(self.applied).all())

    @cached_property
    def peak(self) -> float:
        """The largest finite rate; NaN if there is none."""
        lr = self.applied
        found = np.fmax.reduce(lr, initial=-np.inf)
        if found == np.inf:
            found = np.max(lr[np.isfinite(lr)], initial=-np.inf)
        return float(found) if np.isfinite(found) else float("nan")

    @cached_property
    def changes(self) -> NDArray[np.int32]:
        """The updates, by index into `applied`, whose rate differs from the last."""
        lr = self.applied
        found = [np.zeros(0, np.int32)]
        for start in range(1, lr.size, AT_A_TIME):
            stop = min(start + AT_A_TIME, lr.size)
            differ = lr[start:stop] != lr[start - 1 : stop - 1]
            found.append((np.flatnonzero(differ) + start).astype(np.int32))
        return np.concatenate(found)

    @cached_property
    def rise(self) -> int:
        """How many of its first rates rise, equal neighbours counted as one."""
        lr = self.applied
        for start in range(0, self.changes.size, AT_A_TIME):
            changed = self.changes[start : start + AT_A_TIME]
            fell = lr[changed] < lr[changed - 1]
            if fell.any():
                return start + int(fell.argmax()) + 1
        return int(self.changes.size) + 1

    @property
    def tail(self) -> int:
        """How many updates at the end have one and the same rate."""
        start = int(self.changes[-1]) if self.changes.size else 0
        return int(self.applied.size) - start
