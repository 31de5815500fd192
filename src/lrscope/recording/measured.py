"""Measured: what the steps of an optimizer really moved, where they were measured.

What is recorded are sums over coordinates of the movement Δw of the weights, the
gradient g and the weights w before the step. Sums of parameters, groups and shards
add up; every rate is derived from them here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.recording.events import MeasuringBegan
from lrscope.recording.rowset import at

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from lrscope.recording.process import Process
    from lrscope.recording.track import GroupId, OptimizerId, Track

    Floats = NDArray[np.float64]

CONFIDENT = 2.0
"""Standard errors on either side that hold the true value in 95 % of the samples."""

ERRORS = (
    "var(driven·gradient)", "var(gradient·gradient)",
    "cov(driven·gradient,gradient·gradient)", "var(moved·moved)", "var(weight·weight)",
    "cov(moved·moved,weight·weight)",
)  # fmt: skip
"""Columns that tell how far sums may be from those over all coordinates."""

COUNTS = ("gradient_not_zero", "gradient_finite", "elements_moved")
"""Columns that count coordinates."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Sums over the coordinates of one or more parameters, one entry for each step.

    Where a tensor was sampled they are estimates of the sums over all of it. "Driven"
    is the movement without the weight decay that is apart from the gradient.

    Attributes:
        moved_moved: ⟨Δw, Δw⟩.
        moved_gradient: ⟨Δw, g⟩.
        moved_weight: ⟨Δw, w⟩.
        gradient_gradient: ⟨g, g⟩.
        gradient_weight: ⟨g, w⟩.
        weight_weight: ⟨w, w⟩.
        driven_gradient: ⟨Δw + decay·w, g⟩.
        driven_driven: the same movement with itself.
        gradient_not_zero: coordinates that had a gradient, and not 0.
        gradient_finite: coordinates whose gradient was neither infinite nor NaN.
        elements_moved: coordinates whose value changed.
        errors: variances and covariances of these sums, by name in the file.
    """

    moved_moved: Floats
    moved_gradient: Floats
    moved_weight: Floats
    gradient_gradient: Floats
    gradient_weight: Floats
    weight_weight: Floats
    driven_gradient: Floats
    driven_driven: Floats
    gradient_not_zero: Floats
    gradient_finite: Floats
    elements_moved: Floats
    errors: Floats

    def __add__(self, other: Sums) -> Sums:
        """Return the sums over both, step by step."""
        return self._each(lambda name: getattr(self, name) + getattr(other, name))

    def over(self, copies: float) -> Sums:
        """Return a share of the sums, where several ranks hold the same coordinates."""
        return self._each(lambda name: getattr(self, name) / copies)

    def at(self, places: NDArray[np.int64]) -> Sums:
        """Return the sums of some of the steps."""
        return self._each(lambda name: getattr(self, name)[..., places])

    @staticmethod
    def _each(of: Any) -> Sums:
        return Sums(**{field.name: of(field.name) for field in fields(Sums)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """What the measured steps of a group, or of one parameter of it, really moved.

    Arrays have one entry for each measured step that updated parameters. Ratios are
    NaN where there is nothing to divide by.

    Attributes:
        optimizer: the optimizer's index in order of first step, class and name.
        group: the group's index in its optimizer, and its name.
        parameter: name of the only parameter; None for a whole group.
        steps: index of the call of ``step()``, as in `Track.steps` (int64).
        sums: what was added up.
        elements: coordinates of the parameters.
        looked_at: of these, how many were measured; the others are estimated.

    Example:
        >>> run = lrscope.read_run("runs/a")  # doctest: +SKIP
        >>> run.measured("adamw/backbone").effective[-1]  # doctest: +SKIP
        0.0231
    """

    optimizer: OptimizerId
    group: GroupId
    parameter: str | None
    steps: NDArray[np.int64]
    sums: Sums
    elements: float
    looked_at: float

    @property
    def effective(self) -> Floats:
        """Effective rate −⟨Δw, g⟩ / ⟨g, g⟩: the rate that plain SGD would need.

        Weight decay that is apart from the gradient is not counted.
        """
        return _ratio(-self.sums.driven_gradient, self.sums.gradient_gradient)

    @property
    def effective_error(self) -> Floats:
        """Half the width of the 95 % interval of `effective`; 0 if all was measured."""
        of_moved, of_gradient, both, *_ = self.sums.errors
        rate = -self.effective
        found = of_moved - 2 * rate * both + rate**2 * of_gradient
        return _ratio(_deviation(found), self.sums.gradient_gradient)

    @property
    def update_to_weight(self) -> Floats:
        """Update-to-weight ratio ‖Δw‖ / ‖w‖."""
        return np.sqrt(_ratio(self.sums.moved_moved, self.sums.weight_weight))

    @property
    def update_to_weight_error(self) -> Floats:
        """Half the width of the 95 % interval of `update_to_weight`."""
        *_, of_moved, of_weight, both = self.sums.errors
        ratio = _ratio(self.sums.moved_moved, self.sums.weight_weight)
        found = of_moved - 2 * ratio * both + ratio**2 * of_weight
        spread = _ratio(_deviation(found), self.sums.weight_weight)
        return np.where(spread > 0, _ratio(spread, 2 * np.sqrt(ratio)), 0.0)

    @property
    def update_rms(self) -> Floats:
        """Root mean square of the movement of a coordinate."""
        return np.sqrt(self.sums.moved_moved / self.elements)

    @property
    def gradient_norm(self) -> Floats:
        """Norm ‖g‖ of the gradient."""
        return np.sqrt(self.sums.gradient_gradient)

    @property
    def weight_norm(self) -> Floats:
        """Norm ‖w‖ of the weights before the step."""
        return np.sqrt(self.sums.weight_weight)

    @property
    def cosine(self) -> Floats:
        """Cosine of the angle between the movement and −g, decay not counted."""
        lengths = np.sqrt(self.sums.driven_driven * self.sums.gradient_gradient)
        return _ratio(-self.sums.driven_gradient, lengths)

    @property
    def moved(self) -> Floats:
        """Share of the coordinates whose value changed, from 0 to 1."""
        return self.sums.elements_moved / self.elements

    def __len__(self) -> int:
        """Return how many steps were measured."""
        return int(self.steps.size)


def _ratio(upper: Floats, lower: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lower == 0, np.nan, upper / lower)


def _deviation(variance: Floats) -> Floats:
    return CONFIDENT * np.sqrt(np.maximum(variance, 0.0))


def measured_of(track: Track, parameters: Collection[str | None]) -> Measured | None:
    """Return what was measured of a group, or of some of its parameters.

    Args:
        track: of the group.
        parameters: names of parameters that were measured apart; None for a group
            that was measured as one.
    """
    process, optimizer = track.process, track.number
    found = _Found(process, optimizer, track.group.index, parameters)
    rows = found.rows
    if not rows.size:
        return None
    steps = process.step_rows(optimizer)
    updates = at(process.updated, steps)
    keep = process.updated[rows]
    elements, looked_at = _sizes(process, optimizer, track.group.index, parameters)
    return Measured(
        optimizer=track.optimizer,
        group=track.group,
        parameter=next(iter(parameters)) if len(parameters) == 1 else None,
        steps=(np.cumsum(updates) - 1)[np.searchsorted(steps, rows[keep])],
        sums=found.sums().at(np.flatnonzero(keep)),
        elements=elements,
        looked_at=looked_at,
    )


def parameters_of(track: Track) -> dict[str | None, None]:
    """Return the names under which a group's parameters were measured, in order."""
    return dict.fromkeys(
        layout["parameter"]
        for layout in track.process.layouts.values()
        if layout.get("holds") == "measured"
        and (layout["optimizer"], layout["group"]) == (track.number, track.group.index)
    )


def _sizes(
    process: Process, optimizer: int, group: int, parameters: Collection[str | None]
) -> tuple[float, float]:
    began = [
        each
        for each in process.history.of(MeasuringBegan)
        if each.optimizer == optimizer
    ]
    parts = [
        each
        for each in (began[-1].parts if began else ())
        if each["group"] == group and each["parameter"] in parameters
    ]
    return (
        float(sum(each["elements"] for each in parts)),
        float(sum(each["measured"] for each in parts)),
    )


class _Found:
    """Columns of what was measured, rows of one step added up."""

    def __init__(
        self,
        process: Process,
        optimizer: int,
        group: int,
        parameters: Collection[str | None],
    ) -> None:
        self._process = process
        self._layouts = {
            number: layout
            for number, layout in process.layouts.items()
            if str(layout.get("holds")).startswith("measured")
            and (layout["optimizer"], layout["group"]) == (optimizer, group)
            and layout["parameter"] in parameters
        }
        steps = process.step_rows(optimizer)
        found = np.unique(self._column("measured", "row"))
        self.rows = found[np.isin(found, steps)].astype(np.int64)

    def _column(self, holds: str, name: str) -> Floats:
        wanted = {
            number: layout["columns"].index(name)
            for number, layout in self._layouts.items()
            if layout["holds"] == holds
        }
        return self._process.rows.column(wanted)[1] if wanted else np.zeros(0)

    def _added(self, holds: str, values: Floats) -> Floats:
        rows = self._column(holds, "row")
        known = np.isin(rows, self.rows)
        places = np.searchsorted(self.rows, rows[known])
        added = np.bincount(places, values[known], minlength=self.rows.size)
        return added.astype(np.float64)

    def sums(self) -> Sums:
        def of(name: str, holds: str = "measured") -> Floats:
            return self._column(holds, name)

        moved, gradient, decay = of("moved·moved"), of("gradient·gradient"), of("decay")
        across, weight = of("moved·weight"), of("weight·weight")
        by_gradient, beside = of("moved·gradient"), of("gradient·weight")
        plain = {
            "moved_moved": moved,
            "moved_gradient": by_gradient,
            "moved_weight": across,
            "gradient_gradient": gradient,
            "gradient_weight": beside,
            "weight_weight": weight,
            "driven_gradient": by_gradient + decay * beside,
            "driven_driven": moved + 2 * decay * across + decay**2 * weight,
        }
        return Sums(
            **{name: self._added("measured", each) for name, each in plain.items()},
            **{
                name: self._added("measured_counts", of(name, "measured_counts"))
                for name in COUNTS
            },
            errors=np.stack(
                [
                    self._added("measured_errors", of(name, "measured_errors"))
                    for name in ERRORS
                ]
            ),
        )
