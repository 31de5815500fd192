"""Formulas: how optimizers change their rate inside a step, each by its name.

They are read from what an optimizer holds, as the mean over the elements of a group.
Nothing on a device and no shard of a distributed tensor is looked at: the one would
wait, the other would talk to other ranks.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Union

from lrscope.capture.numbers import is_on_host, is_tensor

Group = dict[str, Any]

Reader = Callable[[Any, Group], Union[float, None]]
"""Takes an optimizer and one of its groups; None if it has no such number."""

TRUST = ("trust_coefficient", "trust_coeff", "eeta")
"""What LARS calls its η: in pytorch-optimizer and Lightning, timm, and others."""

ADJUSTED: dict[Any, Callable[[int, int], float]] = {
    None: lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "original": lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}
"""How Muon adjusts its rate to a matrix: Jordan, 2024; Liu et al., Muon is Scalable for
LLM Training, 2025, section 2.2."""

RECTIFIED_FROM = 5.0
"""Length of the average from which on RAdam rectifies."""


def step_size(optimizer: Any, group: Group) -> float | None:
    """Adafactor of fairseq, transformers and timm: its rate times RMS(w).

    It is what the optimizer's own ``_get_lr`` says (Shazeer and Stern, Adafactor, 2018,
    section 8).
    """
    if "relative_step" not in group or not hasattr(optimizer, "_get_lr"):
        return None
    if not (group["relative_step"] or group.get("scale_parameter", True)):
        return None  # it is lr
    own = dict(group)  # timm's _get_lr writes to the group

    def of(parameter: Any) -> Any:
        state = _numbers(optimizer, parameter)
        return state and optimizer._get_lr(own, state)

    return _mean(group, of)


def relative_step(optimizer: Any, group: Group) -> float | None:
    """Adafactor of torch: min(lr, 1/√t), which RMS(w) is then multiplied by."""
    if "beta2_decay" not in group:
        return None
    rate = _number(group.get("lr"))

    def of(parameter: Any) -> float | None:
        step = _step_of(optimizer, group, parameter)
        return min(rate, step**-0.5) if step and rate is not None else None

    return _mean(group, of)


def rectification(optimizer: Any, group: Group) -> float | None:
    """RAdam: r of Liu et al., 2020, from the step and β₂; None while it waits."""
    if not any(each.__name__.lower() == "radam" for each in type(optimizer).__mro__):
        return None
    longest = 2 / (1 - group["betas"][1]) - 1
    least = getattr(optimizer, "n_sma_threshold", RECTIFIED_FROM)

    def of(parameter: Any) -> float | None:
        step = _step_of(optimizer, group, parameter)
        if not step:
            return None
        past = group["betas"][1] ** step
        length = longest - 2 * step * past / (1 - past)
        if length <= least:
            return None
        return math.sqrt(
            (length - 4) * (length - 2) * longest
            / ((longest - 4) * (longest - 2) * length)
        )  # fmt: skip

    return _mean(group, of)


def trust_ratio(optimizer: Any, group: Group) -> float | None:
    """LAMB and others that keep the ratio they trusted in their state."""

    def of(parameter: Any) -> float | None:
        return _number(optimizer.state.get(parameter, {}).get("trust_ratio"))

    return _mean(group, of)


def lars_ratio(_: Any, group: Group) -> float | None:
    """LARS: η‖w‖ / (‖g‖ + λ‖w‖) of You et al., 2017; looked at before the step.

    Left out is what is moved as by SGD: biases (but not by timm's), and what has no
    weight decay by timm's.
    """
    keys = [each for each in TRUST if each in group]
    if not keys:
        return None
    share, decay = _number(group[keys[0]]), _number(group.get("weight_decay", 0.0))
    rate, adapts = _number(group.get("lr")), group.get("always_adapt")
    if share is None or decay is None or not (rate and (decay or adapts is not False)):
        return None

    def of(parameter: Any) -> float | None:
        gradient = parameter.grad
        if not (_is_here(parameter) and _is_here(gradient)):
            return None
        weight, slope = parameter.detach().norm().item(), gradient.norm().item()
        if not weight or not slope or (adapts is None and parameter.dim() < 2):
            return None
        ratio: float = share * weight / (slope + decay * weight)
        return min(ratio / rate, 1.0) if group.get("trust_clip") else ratio

    return _mean(group, of)


def adjusted_lr(_: Any, group: Group) -> float | None:
    """Muon of torch: its rate for the shape of each matrix."""
    way = group.get("adjust_lr_fn", "none")
    rate = _number(group.get("lr"))
    if rate is None or way not in ADJUSTED:
        return None

    def of(parameter: Any) -> float | None:
        if parameter.grad is None or parameter.dim() < 2:
            return None
        return rate * ADJUSTED[way](*parameter.shape[:2])

    return _mean(group, of)


def multiple(optimizer: Any, group: Group) -> float | None:
    """Prodigy and D-Adaptation: d, which a step takes as it finds it."""
    adapts = any("adapt" in each.__name__.lower() for each in type(optimizer).__mro__)
    return _number(group.get("d")) if adapts or "d0" in group else None


def scheduled_lr(_: Any, group: Group) -> float | None:
    """Schedule-free: the rate with its warm-up, which a step sets before it uses it."""
    return _number(group.get("scheduled_lr"))


BEFORE: dict[str, Reader] = {"d": multiple, "trust_ratio": lars_ratio}
"""Names of internal rates, and what reads them before a step."""

AFTER: dict[str, Reader] = {
    "scheduled_lr": scheduled_lr,
    "step_size": step_size,
    "relative_step": relative_step,
    "rectification": rectification,
    "trust_ratio": trust_ratio,
    "adjusted_lr": adjusted_lr,
}
"""The same after it."""


def _mean(group: Group, of: Callable[[Any], Any]) -> float | None:
    """Return the mean of a number of each parameter over the elements of a group."""
    total, count = 0.0, 0
    for parameter in group["params"]:
        value = _number(of(parameter))
        if value is not None:
            size = int(parameter.numel())
            total, count = total + value * size, count + size
    return total / count if count else None


def _step_of(optimizer: Any, group: Group, parameter: Any) -> float | None:
    """Return how many steps a parameter has taken."""
    state = optimizer.state.get(parameter)
    return None if state is None else _number(state.get("step", group.get("step")))


def _numbers(optimizer: Any, parameter: Any) -> dict[str, float] | None:
    """Return the numbers in a parameter's state; None if one is not here."""
    found = {}
    for key, value in optimizer.state.get(parameter, {}).items():
        number = _number(value)
        if number is not None:
            found[key] = number
        elif is_tensor(value) and value.numel() == 1:
            return None
    return found or None


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    return float(value.item()) if is_on_host(value) and _is_here(value) else None


def _is_here(tensor: Any) -> bool:
    """Say whether a tensor is in this process's memory, all of it."""
    return (
        is_tensor(tensor)
        and tensor.device.type == "cpu"
        and not hasattr(tensor, "_local_tensor")
    )
