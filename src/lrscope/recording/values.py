"""Values: numbers of a training beside its rates, the loss above all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.process import Process

LOSS = "loss"
"""Name of what ``backward()`` was called on."""

METRICS = ("metrics", "metric")
"""What the argument is called by which a scheduler is told how training goes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """What a program logged under one name, or the loss of each backward call.

    Attributes:
        name: "loss", or the name that was given to ``lrscope.log``.
        rows: row of each value in the recording (int64).
        values: (float64).
    """

    name: str
    rows: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        """Return how many there are."""
        return int(self.rows.size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logged:
    """What a program logged under one name, beside the updates of an optimizer.

    Attributes:
        name: that was given to ``lrscope.log``.
        steps: how many updates the optimizer had made before each value (int64).
        values: (float64).
    """

    name: str
    steps: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        """Return how many there are."""
        return int(self.values.size)


def values_in(process: Process) -> dict[str, Values]:
    """Return by name what was logged in a process, its losses, and metrics."""
    wanted: dict[str, dict[int, int]] = {}
    metrics = _metrics_of(process)
    for number, layout in process.layouts.items():
        holds = layout.get("holds")
        if holds == "value":
            wanted.setdefault(str(layout["name"]), {})[number] = 0
        elif holds == "argument" and layout["scheduler"] in metrics:
            wanted.setdefault(metrics[layout["scheduler"]], {})[number] = 0
    found = {}
    for name, layouts in wanted.items():
        rows, values = process.rows.column(layouts)
        found[name] = Values(name=name, rows=rows, values=values)
    return found


def _metrics_of(process: Process) -> dict[int, str]:
    """Return a name for the metric of each scheduler that was given one."""
    history = process.history
    given = {
        item["scheduler"]
        for item in history.items("scheduler_stepped").values()
        if item.get("argument") in METRICS
    }
    told = {number: history.schedulers.get(number) for number in sorted(given)}
    kinds = {number: each.class_name for number, each in told.items() if each}
    names = list(kinds.values())
    return {
        number: f"metric of {kind}"
        + (f" {names[:at].count(kind)}" if names.count(kind) > 1 else "")
        for at, (number, kind) in enumerate(kinds.items())
    }


def losses_before(
    steps: NDArray[np.int64], every_step: NDArray[np.int64], losses: Values
) -> NDArray[np.float64]:
    """Return the loss that led to each step: the mean over its backward calls.

    Args:
        steps: rows of the steps.
        every_step: rows of the steps of all optimizers.
        losses: of backward calls.

    Returns:
        One value for each of ``steps``; NaN where there was no loss before. Steps that
        follow another without a backward call between them share its loss.
    """
    turn = np.searchsorted(every_step, losses.rows)
    own = np.searchsorted(every_step, steps)
    size = every_step.size + 1
    counts = np.bincount(turn, minlength=size)
    totals = np.bincount(turn, losses.values, minlength=size)
    latest = np.maximum.accumulate(np.where(counts > 0, np.arange(size), -1))[own]
    with np.errstate(invalid="ignore"):
        means = totals / np.maximum(counts, 1)
    return np.where(latest >= 0, means[latest], np.nan)
