"""Internals: the numbers by which optimizers change their rate inside a step.

What stands in a group (``d`` of Prodigy, ``scheduled_lr`` of schedule-free) is recorded
as its setting. The others are read here at measured steps, from what the optimizer
holds anyway: nothing on a device and no shard of a distributed tensor is looked at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.groups import is_on_host, is_tensor

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal
    from lrscope.capture.watch import Watch
    from lrscope.recording.dictionary import Layout

    Group = dict[str, Any]

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


class Internals:
    """Reads internal rates of one optimizer, and writes them down.

    Args:
        watch: of the optimizer.
        journal: where to write.
    """

    def __init__(self, watch: Watch, journal: Journal) -> None:
        """Know nothing yet."""
        self._watch = watch
        self._journal = journal
        self._before: list[tuple[int, str, float]] = []
        self._layouts: dict[tuple[int, str], Layout] = {}
        self._given_up: set[str] = set()

    def look(self, optimizer: Any) -> None:
        """Read what only shows before a step."""
        self._before = self._read(BEFORE, optimizer)

    def write(self, optimizer: Any, row: int) -> None:
        """Read what shows after a step, and write all of it.

        Args:
            optimizer: the one that stepped.
            row: of the step.
        """
        journal = self._journal
        before, self._before = self._before, []
        for group, name, value in before + self._read(AFTER, optimizer):
            layout = self._layouts.get((group, name))
            if layout is None:
                layout = self._layouts[group, name] = self._announced(group, name)
            journal.sink.put(layout, journal.silence(), 0, [float(row), value])

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self._layouts.clear()

    def _read(
        self, readers: dict[str, Reader], optimizer: Any
    ) -> list[tuple[int, str, float]]:
        found = []
        for name, read in readers.items():
            if name in self._given_up:
                continue
            try:
                for number, group in zip(self._watch.numbers, optimizer.param_groups):
                    value = read(optimizer, group)
                    if value is not None:
                        found.append((number, name, value))
            except Exception as error:  # noqa: BLE001 - what it reads may be a namesake
                self._given_up.add(name)
                self._journal.event(
                    "internal_rate_given_up",
                    optimizer=self._watch.number,
                    name=name,
                    why=repr(error),
                )
        return found

    def _announced(self, group: int, name: str) -> Layout:
        columns = ["row", "value"]
        description = {
            "holds": "internal",
            "optimizer": self._watch.number,
            "group": group,
            "name": name,
            "columns": columns,
        }
        return self._journal.open().layout(description, len(columns))


def step_size(optimizer: Any, group: Group) -> float | None:
    """Adafactor of fairseq, transformers and timm: its rate times RMS(w).

    The mean over the elements of what the optimizer's own ``_get_lr`` says; α of
    Shazeer and Stern, Adafactor, 2018, section 8.
    """
    if "relative_step" not in group or not hasattr(optimizer, "_get_lr"):
        return None
    own = dict(group)  # timm's _get_lr writes to the group

    def of(parameter: Any) -> Any:
        state = _numbers(optimizer, parameter)
        return state and optimizer._get_lr(own, state)

    return _mean(group, of)


def relative_step(optimizer: Any, group: Group) -> float | None:
    """torch's Adafactor: ρ = min(lr, 1/√t), which RMS(w) is then multiplied by."""
    if "beta2_decay" not in group:
        return None
    rate = _number(group["lr"])

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
    rate, adapts = _number(group["lr"]), group.get("always_adapt")
    if share is None or decay is None or not (rate and (decay or adapts is not False)):
        return None

    def of(parameter: Any) -> float | None:
        gradient = parameter.grad
        if not (_is_here(parameter) and _is_here(gradient)):
            return None
        weight, slope = parameter.detach().norm().item(), gradient.norm().item()
        if not weight or not slope or (adapts is None and parameter.dim() < 2):
            return None
        ratio = share * weight / (slope + decay * weight)
        return min(ratio / rate, 1.0) if group.get("trust_clip") else ratio

    return _mean(group, of)


def adjusted_lr(_: Any, group: Group) -> float | None:
    """torch's Muon: its rate for the shape of each matrix, the mean over elements."""
    way = group.get("adjust_lr_fn", "none")
    rate = _number(group["lr"])
    if rate is None or way not in ADJUSTED:
        return None

    def of(parameter: Any) -> float | None:
        if parameter.grad is None or parameter.dim() < 2:
            return None
        return rate * ADJUSTED[way](*parameter.shape[:2])

    return _mean(group, of)


Reader = Callable[[Any, "dict[str, Any]"], "float | None"]

BEFORE: dict[str, Reader] = {"trust_ratio": lars_ratio}
"""Names of internal rates, and what reads them before a step."""

AFTER: dict[str, Reader] = {
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
    """Return the numbers in a parameter's state; None if one is elsewhere."""
    found = {}
    for key, value in optimizer.state.get(parameter, {}).items():
        if not is_tensor(value) or value.numel() == 1:
            number = _number(value)
            if number is None:
                return None
            found[key] = number
    return found or None


def _number(value: Any) -> float | None:
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
