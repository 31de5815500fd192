"""Late: values that live on a device, read when they have arrived by themselves.

Reading a tensor on a GPU makes the process wait for all work before it. So a
copy to pinned memory is put in the device's queue, the row is written with NaN
in its place, and the value follows in a row of its own once the copy has happened.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Union

from lrscope.capture.arrival import Arrival
from lrscope.capture.gathered import Gathering, Load
from lrscope.capture.modes import Uncompiled, is_captured, out_of_modes

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal
    from lrscope.recording.dictionary import Layout

    Columns = tuple[Union[int, str], ...]

PATIENCE = 10.0
"""Seconds to wait for the last values when a recording ends."""


class Expected(NamedTuple):
    """Numbers on their way, and who takes them.

    Attributes:
        arrival: of the numbers.
        take: called with them.
        values: of a row that they complete; None if there is none.
    """

    arrival: Any
    take: Callable[[list[float]], None]
    values: list[float] | None


class LateValues:
    """Numbers that are waited for, in order.

    Attributes:
        start: `_start`, and
        collect: `_collect`, kept out of the graphs of torch.compile.
    """

    def __init__(self, journal: Journal) -> None:
        """Wait for nothing yet."""
        self._journal = journal
        self._waiting: deque[Expected] = deque()
        self._layouts: dict[Columns, Layout] = {}
        self._collecting = Lock()
        self._gathering = Gathering()
        self.captures: dict[int, Any] = {}  # of graphs, by thread
        self.start = Uncompiled(self._start)
        self.collect = Uncompiled(self._collect)

    def _start(self, tensors: list[tuple[int | str, Any]]) -> list[tuple[Columns, Any]]:
        """Return columns and their arrivals, as few as can be.

        Args:
            tensors: of one number each, with the column that each is for. Those on a
                device without pinned copies are left out.
        """
        if not self.may_ask():
            return []
        torch = sys.modules["torch"]
        alike: dict[Any, list[tuple[int | str, Any]]] = {}
        for column, tensor in tensors:
            if tensor.numel() == 1:
                kind = (tensor.device, tensor.dtype)
                alike.setdefault(kind, []).append((column, tensor))
        found = []
        for members in alike.values():
            columns = tuple(column for column, _ in members)
            try:
                with torch.no_grad(), out_of_modes(torch):
                    flat = [tensor.detach().reshape(1) for _, tensor in members]
                    joined = flat[0] if len(flat) == 1 else torch.cat(flat)
                    found.append((columns, Arrival(joined)))
            except (RuntimeError, AttributeError, NotImplementedError):
                pass
        return found

    def may_ask(self) -> bool:
        """Say whether no graph is being captured; asking a device would end that."""
        return not self.captures and not is_captured(sys.modules["torch"])

    def complete(
        self, row: int, arrivals: list[tuple[Columns, Any]], values: list[float]
    ) -> None:
        """Write what a row waits for once it comes.

        Args:
            row: its number.
            arrivals: of its columns; of "overflow" if that tells whether it updated.
            values: of the row; completed in place.
        """
        for columns, arrival in arrivals:
            take = partial(self._write, row, columns, values)
            self._waiting.append(Expected(arrival, take, values))
        self.collect()

    def load_for(self, name: str, tensor: Any) -> Load | None:
        """Return what gathers the numbers of a name; None if it is to come alone."""
        return self._gathering.load_for(name, tensor) if self.may_ask() else None

    def send(self, load: Load | None = None) -> None:
        """Have the numbers of a load come, or all that are gathered."""
        for each in self._gathering.taken(load):
            try:
                each.send()
            except RuntimeError:  # the device failed: they will never come
                continue
            self.expect(each, partial(self._write_all, each.rows))
        self.collect()

    def expect(self, arrival: Any, take: Callable[[list[float]], None]) -> None:
        """Call ``take`` with numbers once they come."""
        self._waiting.append(Expected(arrival, take, None))

    def awaits(self, values: list[float]) -> bool:
        """Say whether numbers of a row are still on their way."""
        return any(each.values is values for each in tuple(self._waiting))

    def _write(
        self, row: int, columns: Columns, values: list[float], numbers: list[float]
    ) -> None:
        for column, number in zip(columns, numbers):
            if isinstance(column, int):
                values[column] = number
        self._put(columns, [float(row), *numbers])

    def _write_all(self, rows: list[int], numbers: list[float]) -> None:
        for row, number in zip(rows, numbers):
            self._put((0,), [float(row), number])

    def _put(self, columns: Columns, values: list[float]) -> None:
        layout = self._layouts.get(columns)
        if layout is None:
            described = {"holds": "arrived", "columns": ["row", *columns]}
            layout = self._journal.open().layout(described, 1 + len(columns))
            self._layouts[columns] = layout
        self._journal.sink.put(layout, self._journal.silence(), 0, values)

    def _collect(self) -> None:
        """Take what has come; never wait."""
        if not self._waiting or not self._collecting.acquire(blocking=False):
            return  # or another thread is at it
        try:
            while self._has_come():
                arrival, take, _ = self._waiting.popleft()
                take(arrival.numbers())
        finally:
            self._collecting.release()

    def _has_come(self) -> bool:
        """Say whether what is waited for first can be taken."""
        try:
            if not self._waiting or not self.may_ask():
                return False
            return bool(self._waiting[0].arrival.has_come())
        except RuntimeError:  # the device failed: nothing will ever come
            self._waiting.clear()
            return False

    def wait(self) -> None:
        """Take all that was expected, but do not wait for ever."""
        until = time.monotonic() + PATIENCE
        if self._gathering and self.may_ask():
            self.send()
        self.collect()
        while self._waiting and self.may_ask() and time.monotonic() < until:
            time.sleep(0.0005)
            self.collect()
        with self._collecting:  # another thread may be writing the last
            return

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self._waiting.clear()
        self._gathering.forget()
        self._layouts.clear()
        self._collecting = Lock()  # another thread may have held it
