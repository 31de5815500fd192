"""Gathered: numbers of a device that are copied one by one and asked for together.

The copy of a loss is cheap; to ask for each, and to keep account of it, costs many
times as much (docs/decisions/0025).
"""

from __future__ import annotations

import sys
import time
from threading import get_ident
from typing import Any

from lrscope.capture.arrival import Copied, places_for

ROOM = 64
"""Numbers that are asked for together."""

LONGEST = 0.05
"""Seconds after which numbers are asked for again, however few they are."""


class Load(Copied):
    """Numbers of one name on their way from a device; an arrival once it is sent.

    Args:
        tensor: the first of them.
        until: when to send it, full or not.

    Attributes:
        rows: of the numbers, in order.

    Raises:
        RuntimeError, AttributeError, NotImplementedError: the device has no pinned
            copies.
    """

    def __init__(self, tensor: Any, until: float) -> None:
        """Take memory for them."""
        torch = sys.modules["torch"]
        self._device = tensor.device
        self._backend = getattr(torch, tensor.device.type)
        self.places = places_for(tensor, ROOM)
        self._taken = self.places.take()
        with torch.inference_mode(mode=False):
            self._slots = self._taken[0].unbind()
        self._until = until
        self.rows: list[int] = []

    def add(self, tensor: Any) -> None:
        """Queue the copy of one; add its row, too."""
        slot = self._slots[len(self.rows)]
        slot.copy_(tensor.reshape(()) if tensor.dim() else tensor, non_blocking=True)

    def is_due(self) -> bool:
        """Say whether it is full, or the last one was sent long enough ago."""
        return len(self.rows) == ROOM or time.perf_counter() > self._until

    def send(self) -> None:
        """Have it told when all copies have happened."""
        self._taken[1].record(self._backend.default_stream(self._device))
        self.place = self._taken

    def numbers(self) -> list[float]:
        """Return the numbers; call it once."""
        return super().numbers()[: len(self.rows)]


def is_in_default_stream(torch: Any, device: Any) -> bool:
    """Say whether the program queues its work in the default stream of a device."""
    if device.type != "cuda":
        return False
    return bool(torch._C._cuda_getCurrentRawStream(device.index) == 0)


class Gathering:
    """The loads that are not sent yet, of each name and thread."""

    def __init__(self) -> None:
        """Gather nothing yet."""
        self._loads: dict[tuple[Any, ...], Load] = {}
        self._sent: dict[tuple[Any, ...], float] = {}

    def __bool__(self) -> bool:
        """Say whether anything is gathered."""
        return bool(self._loads)

    def load_for(self, name: str, tensor: Any) -> Load | None:
        """Return the load for a number; None if it has to come on its own.

        Streams but the default one may be gone when a load is to be sent, and modes of
        the program would see the copy.
        """
        torch, device = sys.modules["torch"], tensor.device
        if (
            not is_in_default_stream(torch, device)
            or torch._C._len_torch_function_stack()
            or torch._C._len_torch_dispatch_stack()
        ):
            return None
        key = (name, get_ident(), device, tensor.dtype)
        load = self._loads.get(key)
        if load is None:
            until = self._sent.get(key, -LONGEST) + LONGEST
            load = self._loads[key] = Load(tensor, until)
        return load

    def taken(self, load: Load | None = None) -> list[Load]:
        """Return a load, or all, to be sent; what follows is for others."""
        loads = tuple(self._loads.items())
        found = [key for key, each in loads if load is None or each is load]
        self._sent.update(dict.fromkeys(found, time.perf_counter()))
        return [self._loads.pop(each) for each in found]

    def forget(self) -> None:
        """Gather anew, in a forked child."""
        self._loads.clear()
        self._sent.clear()
