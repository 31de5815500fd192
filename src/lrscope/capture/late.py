"""Late: values that live on a device, read when they have arrived by themselves.

Reading a tensor on a GPU makes the process wait for all work before it. So a
copy to pinned memory is put in the device's queue, the row is written with NaN
in its place, and the value follows in an event once the copy has happened.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal

BATCH = 64
"""Rows whose late values are written in one event."""


class Arrival:
    """A number on its way from a device."""

    def __init__(self, tensor: Any) -> None:
        """Queue the copy; nothing waits for it."""
        import torch

        backend = getattr(torch, tensor.device.type)
        source = tensor.detach()
        self._copy = torch.empty(
            source.shape, dtype=source.dtype, device="cpu", pin_memory=True
        )
        self._copy.copy_(source, non_blocking=True)
        self._event = backend.Event()
        self._event.record()

    def has_come(self) -> bool:
        """Say whether the number can be read without waiting."""
        return bool(self._event.query())

    def number(self) -> float:
        """Return the number."""
        return float(self._copy.item())

    def numbers(self) -> list[float]:
        """Return the numbers, where there are several."""
        return list(self._copy.tolist())


class LateValues:
    """Rows that wait for numbers, in order."""

    def __init__(self, journal: Journal, arrival: type[Any] = Arrival) -> None:
        """Wait for nothing yet."""
        self._journal = journal
        self._arrival = arrival
        self._waiting: deque[tuple[int, Any, Any]] = deque()
        self._come: list[dict[str, Any]] = []

    def start(self, tensor: Any) -> Any:
        """Return an arrival for a tensor of one number, or None if there is no way."""
        try:
            return self._arrival(tensor) if _may_copy(tensor) else None
        except (RuntimeError, AttributeError, NotImplementedError):
            return None  # a device without pinned copies: the value stays unknown

    def expect(self, row: int, columns: list[tuple[int, Any]], overflow: Any) -> None:
        """Let ``row`` wait for columns and for whether it was skipped."""
        self._waiting.append((row, columns, overflow))
        self.collect(at_least=BATCH)

    def collect(self, at_least: int = 1) -> None:
        """Write what has come; never wait."""
        while self._waiting:
            row, columns, overflow = self._waiting[0]
            arrivals = [each for _, each in columns]
            arrivals += [overflow] if overflow is not None else []
            if not all(each.has_come() for each in arrivals):
                break
            self._waiting.popleft()
            late: dict[str, Any] = {"row": row}
            late["values"] = [[column, each.number()] for column, each in columns]
            if overflow is not None:
                late["updated"] = not overflow.number()
            self._come.append(late)
        if len(self._come) >= at_least:
            self._journal.event("values_arrived", rows=self._come)
            self._come = []


def _may_copy(tensor: Any) -> bool:
    if tensor.numel() != 1:
        return False
    import torch

    capturing = getattr(torch.cuda, "is_current_stream_capturing", None)
    return not (tensor.is_cuda and capturing is not None and capturing())
