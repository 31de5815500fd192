"""Arrival: numbers on their way from a device, and tensors on their way to one.

Nothing here waits for a device (docs/decisions/0021).
"""

from __future__ import annotations

import ctypes
from typing import Any

PLACES = 64
"""Places for copies that are asked for at once."""


class Places:
    """Pinned memory for copies of one kind, asked for rarely and never given back.

    Asking may make the process wait; freeing after an error of the device aborts it.
    """

    def __init__(self, tensor: Any, size: int) -> None:
        import torch

        self._kind = {"dtype": tensor.dtype, "device": "cpu", "pin_memory": True}
        self._size = size
        self._backend = getattr(torch, tensor.device.type)
        self._free: list[tuple[Any, Any]] = []
        self.unread: list[tuple[Any, Any]] = []  # copies that nobody waits for

    def take(self) -> tuple[Any, Any]:
        """Return memory for a copy, and an event."""
        while True:
            try:
                return self._free.pop()
            except IndexError:
                self._more()

    def give(self, place: tuple[Any, Any]) -> None:
        """Take back a place whose copy has happened."""
        self._free.append(place)

    def _more(self) -> None:
        unread, self.unread = self.unread, []
        for place in unread:
            (self._free if place[1].query() else self.unread).append(place)
        if self._free:
            return
        import torch

        with torch.inference_mode(mode=False):
            memory = torch.empty((PLACES, self._size), **self._kind)
        places = [(place, self._backend.Event()) for place in memory.unbind()]
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(places))
        self._free.extend(places)


_places: dict[Any, Places] = {}


def places_for(tensor: Any, size: int) -> Places:
    """Return the places for so many numbers as those of a tensor."""
    kind = (tensor.device, tensor.dtype, size)
    if kind not in _places:
        _places[kind] = Places(tensor, size)
    return _places[kind]


class Copied:
    """Numbers that are copied to a place of the host.

    Attributes:
        places: where the place is from.
        place: memory and event; None once it is given back.
    """

    places: Places
    place: Any = None

    def has_come(self) -> bool:
        """Say whether the numbers can be read without waiting."""
        return bool(self.place[1].query())

    def numbers(self) -> list[float]:
        """Return the numbers; call it once."""
        place, self.place = self.place, None
        numbers: list[float] = place[0].tolist()
        self.places.give(place)
        return numbers

    def __del__(self) -> None:
        """Have the place used again, but not before the copy has happened."""
        if self.place is not None:
            self.places.unread.append(self.place)


class Arrival(Copied):
    """Numbers on their way from a device.

    Args:
        tensor: of one dimension.

    Raises:
        RuntimeError, AttributeError, NotImplementedError: the device has no pinned
            copies.
    """

    def __init__(self, tensor: Any) -> None:
        """Queue the copy; nothing waits for it."""
        import torch

        stream = getattr(torch, tensor.device.type).current_stream(tensor.device)
        self.places = places_for(tensor, tensor.numel())
        self.place = copy, event = self.places.take()
        copy.copy_(tensor, non_blocking=True)
        event.record(stream)


def sent(tensor: Any, device: Any) -> Any:
    """Return a tensor of the host on a device; nothing waits for the copy."""
    if device.type == "cpu":
        return tensor
    try:
        tensor = tensor.pin_memory()
    except (RuntimeError, NotImplementedError):  # no such memory here
        return tensor.to(device)
    return tensor.to(device, non_blocking=True)
