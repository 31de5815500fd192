"""Updates: whether a step of an optimizer changed any parameter.

``optimizer.step()`` may be called and change nothing: every gradient is None, or a
fused optimizer is told by a GradScaler to leave the update out.
"""

from __future__ import annotations

import weakref
from typing import Any, Callable

import torch
from torch import Tensor


def no_parameter() -> None:
    """Stand for a reference to a parameter that has a gradient: there is none."""


def gradient_in(groups: list[dict[str, Any]]) -> Callable[[], Tensor | None]:
    """Return a reference to a parameter that has a gradient, or `no_parameter`."""
    for group in groups:
        for each in group["params"]:
            if each.grad is not None:
                return weakref.ref(each)
    return no_parameter


class Undecided:
    """A flag on a device: whether a GradScaler found what is not finite.

    Reading it at once would make the process wait for the device at every step. A
    copy is put in the device's queue and read before the next step, when it has
    usually come by itself.

    Args:
        found: ``optimizer.found_inf``, above 0 if the update was left out.
    """

    __slots__ = ("_copy", "_event")

    def __init__(self, found: Tensor) -> None:
        self._event: Any = None
        self._copy = found.detach().clone()
        backend = getattr(torch, found.device.type, None)
        if found.device.type != "cpu" and hasattr(backend, "Event"):
            self._copy = torch.empty(found.shape, dtype=found.dtype, pin_memory=True)
            self._copy.copy_(found.detach(), non_blocking=True)
            self._event = backend.Event()  # type: ignore[union-attr]
            self._event.record()

    def updated(self) -> bool:
        """Tell whether parameters were updated; wait for the device if needed."""
        if self._event is not None:
            self._event.synchronize()
        return not self._copy.item()
