"""Measured: what the steps of an optimizer really moved, where they were measured.

What is recorded are sums over coordinates of the movement Δw of the weights, the
gradient g and the weights w before the step. Sums of parameters, groups and shards
add up; every rate is derived from them here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lrscope.recording.sums import unwarned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.sums import Floats, Sums
    from lrscope.recording.track import GroupId, OptimizerId

FREEDOM = (1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 1e9)
CONFIDENT = (31.8, 6.96, 4.54, 3.75, 3.36, 3.0, 2.76, 2.6, 2.46, 2.39, 2.33)
"""Standard errors on either side, by the degrees of freedom of the error itself.

Where a few blocks bear most of the gradient (embeddings) there are few of these
(Satterthwaite, Biometrics Bulletin 2, 1946). The values are Student's t for 98 %:
gradients have heavier tails than t allows for, and so 95 % of the steps are held
(benchmarks/effective.py)."""


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
    @unwarned
    def effective_error(self) -> Floats:
        """Half the width of the 95 % interval of `effective`; 0 if all was measured."""
        of_moved, of_gradient, both, *_ = self.sums.errors
        rate = self.effective
        found = of_moved + 2 * rate * both + rate**2 * of_gradient
        return _ratio(self._confident(found), self.sums.gradient_gradient)

    @property
    def update_to_weight(self) -> Floats:
        """Update-to-weight ratio ‖Δw‖ / ‖w‖."""
        return np.sqrt(_ratio(self.sums.moved_moved, self.sums.weight_weight))

    @property
    @unwarned
    def update_to_weight_error(self) -> Floats:
        """Half the width of the 95 % interval of `update_to_weight`."""
        *_, of_moved, of_weight, both, _ = self.sums.errors
        ratio = _ratio(self.sums.moved_moved, self.sums.weight_weight)
        found = of_moved - 2 * ratio * both + ratio**2 * of_weight
        spread = _ratio(self._confident(found), self.sums.weight_weight)
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
    @unwarned
    def cosine(self) -> Floats:
        """Cosine of the angle between the movement and −g, decay not counted."""
        lengths = np.sqrt(self.sums.driven_driven * self.sums.gradient_gradient)
        return _ratio(-self.sums.driven_gradient, lengths)

    @property
    def moved(self) -> Floats:
        """Share of the coordinates whose value changed, from 0 to 1."""
        return self.sums.elements_moved / self.elements

    @unwarned
    def _confident(self, variance: Floats) -> Floats:
        """Return half of the 95 % interval of what has this variance."""
        _, of_gradient, *_, squares = self.sums.errors
        freedom = np.where(squares > 0, _ratio(of_gradient**2, squares), FREEDOM[-1])
        times = np.interp(1 / np.maximum(freedom, 1.0), *_by_inverse())
        return times * np.sqrt(np.maximum(variance, 0.0))

    def __len__(self) -> int:
        """Return how many steps were measured."""
        return int(self.steps.size)

    @unwarned
    def __add__(self, other: Measured) -> Measured:
        """Return what both moved together, at the steps at which both were measured."""
        steps, own, others = np.intersect1d(
            self.steps, other.steps, assume_unique=True, return_indices=True
        )
        return replace(
            self,
            parameter=self.parameter if self.parameter == other.parameter else None,
            steps=steps,
            sums=self.sums.at(own) + other.sums.at(others),
            elements=self.elements + other.elements,
            looked_at=self.looked_at + other.looked_at,
        )


def _ratio(upper: Floats, lower: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lower == 0, np.nan, upper / lower)


def _by_inverse() -> tuple[Floats, Floats]:
    """Return 1 / degrees of freedom, rising, and the standard errors for each."""
    return 1 / np.array(FREEDOM[::-1]), np.array(CONFIDENT[::-1])
