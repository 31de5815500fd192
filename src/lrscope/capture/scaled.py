"""Scaled: which losses a GradScaler multiplied, so that they are told without it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.journal import MOST_KEPT
from lrscope.capture.numbers import is_tensor

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.patches import Patches

MOST_NODES = 64
"""Steps of a calculation that are looked through for a scaled loss."""


class ScaledLosses:
    """Scaled losses for which no ``backward()`` was called yet.

    Attributes:
        waiting: (weak reference to the tensor, its scaler) for each.
    """

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        """Know none."""
        self.waiting: list[tuple[Any, Any]] = []

    def watch(self, patches: Patches, module: ModuleType) -> None:
        """See what is scaled, and forget it when the scaler goes on."""
        waiting = self.waiting

        def scaled(original: Callable[..., Any]) -> Callable[..., Any]:
            def scale(scaler: Any, *args: Any, **kwargs: Any) -> Any:
                scaled = original(scaler, *args, **kwargs)
                if scaler.is_enabled() and len(waiting) < MOST_KEPT:
                    several = isinstance(scaled, (list, tuple))
                    for each in scaled if several else (scaled,):
                        if is_tensor(each):
                            waiting.append((weakref.ref(each), scaler))
                return scaled

            return scale

        def updated(original: Callable[..., Any]) -> Callable[..., Any]:
            def update(scaler: Any, *args: Any, **kwargs: Any) -> Any:
                waiting.clear()
                return original(scaler, *args, **kwargs)

            return update

        patches.wrap(module.GradScaler, "scale", scaled)
        patches.wrap(module.GradScaler, "update", updated)

    def scaler_of(self, losses: tuple[Any, ...]) -> Any:
        """Return the scaler of losses that ``backward()`` is called on, or None.

        A tensor that is gone went into the loss of this call, most likely: as in
        ``(scaler.scale(a) + scaler.scale(b)).backward()``.
        """
        found = None
        for loss in losses:
            for place in reversed(range(len(self.waiting))):
                reference, scaler = self.waiting[place]
                tensor = reference()
                if tensor is None or _comes_from(loss, tensor):
                    del self.waiting[place]
                    found = scaler
                    break
        return found


def _comes_from(loss: Any, tensor: Any) -> bool:
    """Say whether a loss is a tensor or was calculated from it in a few steps."""
    if loss is tensor:
        return True
    # a loss may also be a torch.autograd.graph.GradientEdge
    wanted, nodes = tensor.grad_fn, [getattr(loss, "grad_fn", None)]
    for node in nodes:  # it grows
        if node is not None and node is wanted:
            return True
        if node is not None and len(nodes) < MOST_NODES:
            nodes += [each for each, _ in node.next_functions]
    return False
