"""Explained: why weights moved by another rate than the one that was applied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.recording.track import Track

INSIDE = {
    "d": "multiplies lr by d = {}",
    "scheduled_lr": "warms up inside (to {})",
    "step_size": "uses {} (its own step times the size of the weights)",
    "relative_step": "uses {} times the size of the weights",
    "rectification": "rectifies lr (by {})",
    "trust_ratio": "multiplies lr by trust ratios ({} on average)",
    "adjusted_lr": "adjusts lr to the shape of each matrix ({} on average)",
}
"""What an optimizer does, by the name of its internal rate."""

DIVIDES = re.compile(
    "adam|adan$|adagrad|adadelta|rmsprop|prodigy|lamb|adafactor", re.IGNORECASE
)
"""Classes that divide each element of a gradient by its usual size."""

NEAR = 0.02
"""Share by which an effective rate may differ from the applied one unexplained."""


def explained(
    track: Track, internals: dict[str, float], multiplier: float | None
) -> str:
    """Return in words what an optimizer makes of its rate; "" if there is nothing.

    Args:
        track: of a group.
        internals: its internal rates at the step that is spoken of, by name.
        multiplier: effective / applied at that step; None if it is not known.
    """
    if multiplier is not None and abs(multiplier - 1) < NEAR:
        return ""
    name = track.optimizer.class_name
    said = [INSIDE[key].format(f"{internals[key]:.3g}") for key in _known(internals)]
    if track.description.others.get("maximize"):
        said.append("follows the gradient upwards (maximize=True), so × is negative")
    if DIVIDES.search(name):
        divides = "divides each gradient by its usual size"
        said.append(
            divides if said else f"{divides}: the smaller that is, the larger ×"
        )
    elif name == "SGD":
        said += _added_up(track)
    return f"{name} {' and '.join(said)}" if said else ""


def _known(internals: dict[str, float]) -> Iterator[str]:
    return (key for key in INSIDE if key in internals)


def _added_up(track: Track) -> Iterator[str]:
    """Yield what SGD makes of its gradient."""
    settings = track.description.settings
    (momentum,) = settings.get("momentum", (0.0,))
    (dampening,) = settings.get("dampening", (0.0,))
    (decay,) = settings.get("weight_decay", (0.0,))
    if decay:
        yield f"adds weight decay {decay:g} × weights to the gradient"
    if 0 < momentum < 1 and not dampening:
        yield (
            f"adds up past gradients (momentum {momentum:g}), "
            f"up to {1 / (1 - momentum):.3g} times"
        )
