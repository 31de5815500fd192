"""Explained: why weights moved by another rate than the one that was applied."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.recording.track import Track

INSIDE = {
    "d": "multiplies lr by d = {}",
    "scheduled_lr": "warms up inside (to {})",
    "step_size": "uses {} ({})",
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

OF_THEIR_OWN = {
    re.compile("lbfgs", re.IGNORECASE): "goes a way of its own, over several "
    "evaluations; beside the gradient of the last of them × means little",
    re.compile("rprop", re.IGNORECASE): "takes only the sign of each gradient, and "
    "moves each element by a step of its own that lr only begins with",
    re.compile("lion|signsgd|tiger", re.IGNORECASE): "takes only a sign of each "
    "gradient: the smaller that is, the larger ×",
}
"""What else is made of a gradient, by the class that does it."""

AVERAGES = (
    "keeps the weights between its own and their average, "
    "so that they move by a part of each step"
)
"""What schedule-free optimizers do: Defazio et al., The Road Less Scheduled, 2024."""

WAITS_UNTIL = 5.0
"""Length of the average up to which RAdam does not divide: Liu et al., 2020."""

NEAR = 0.02
"""Share by which an effective rate may differ from the applied one unexplained."""


def differs(effective: float, applied: float) -> bool:
    """Say whether an effective rate is not the applied one, or not known to be."""
    return not (applied and abs(effective / applied - 1) < NEAR)


def explained(
    track: Track,
    step: int,
    internals: dict[str, float],
    applied: float,
    effective: float,
) -> str:
    """Return in words what an optimizer makes of its rate; "" if there is nothing.

    Args:
        track: of a group.
        step: that is spoken of.
        internals: its internal rates at that step, by name.
        applied: its rate at that step.
        effective: the rate by which the weights moved then.
    """
    name = track.optimizer.class_name
    said = list(_inside(track, applied, internals))
    if _upwards(track):
        said.append("follows the gradient upwards (maximize=True), so × is negative")
    if "schedulefree" in name.lower():
        said.append(AVERAGES)
    if name.lower() == "radam" and _waits(track, step, internals):
        said.append("does not divide gradients by their usual size in its first steps")
    elif DIVIDES.search(name):
        divides = "divides each gradient by its usual size"
        said.append(
            divides if said else f"{divides}: the smaller that is, the larger ×"
        )
    elif name == "SGD":
        said += _added_up(track, applied, effective)
    else:
        said += (told for kind, told in OF_THEIR_OWN.items() if kind.search(name))
    return f"{name} {' and '.join(said)}" if said else ""


def _inside(track: Track, applied: float, internals: dict[str, float]) -> Iterator[str]:
    """Yield what internal rates tell."""
    for key, told in INSIDE.items():
        over = key == "scheduled_lr" and math.isclose(internals.get(key, 0.0), applied)
        if key in internals and not over:
            yield told.format(f"{internals[key]:.3g}", _kind_of_step(track))


def _kind_of_step(track: Track) -> str:
    """Return what Adafactor's step is made of."""
    others = track.description.others
    own = "its own step" if others.get("relative_step", True) else "lr"
    sized = others.get("scale_parameter", True)
    return f"{own} times the size of the weights" if sized else own


def _waits(track: Track, step: int, internals: dict[str, float]) -> bool:
    """Say whether RAdam has too few gradients yet to divide by their size."""
    betas = track.description.settings.get("betas", ())
    if "rectification" in internals or len(betas) != 2 or not 0 < betas[1] < 1:
        return False
    past = betas[1] ** (step + 1)
    longest = 2 / (1 - betas[1]) - 1
    return bool(longest - 2 * (step + 1) * past / (1 - past) <= WAITS_UNTIL)


def _added_up(track: Track, applied: float, effective: float) -> Iterator[str]:
    """Yield what SGD makes of its gradient."""
    settings = track.description.settings
    (momentum,) = settings.get("momentum", (0.0,))
    (dampening,) = settings.get("dampening", (0.0,))
    (decay,) = settings.get("weight_decay", (0.0,))
    if decay:
        yield f"adds weight decay {decay:g} × weights to the gradient"
    if not momentum or dampening:
        return
    if abs(applied) > (-effective if _upwards(track) else effective):
        yield (
            f"carries on the direction of past gradients (momentum {momentum:g}), "
            "which is another than that of this step's gradient"
        )
    elif momentum < 1:
        yield (
            f"adds up past gradients (momentum {momentum:g}), "
            f"up to {1 / (1 - momentum):.3g} times"
        )


def _upwards(track: Track) -> bool:
    return bool(track.description.others.get("maximize"))
