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

FREEDOM = (5, 15, 30, 60, 1e9)
CONFIDENT = (4.5, 4.5, 2.8, 2.39, 2.33)
"""Standard errors on either side, by the degrees of freedom of the error itself.

Where a few blocks bear most of the gradient there are few of these (Satterthwaite,
Biometrics Bulletin 2, 1946). Of many the values are Student's t for 98 %; where there
are few, a sample has missed more than t allows for, and they are what held 95 % of
the steps of trainings and of heavy tails (tests/effective/test_stated_errors.py)."""

LEAST_FREEDOM = 5
"""Degrees of freedom below which the error is not known."""

FEW = 30
"""Degrees of freedom below which rate and gradient may look tied to each other by
chance alone; then their common part is not taken off the error."""

NEARLY_ALL = 0.9
"""Share of the elements that a sum must have to do with. Where it is less, as in
embeddings, a sample may miss the rows that count, and nothing in it tells."""


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
        frozen: of all, how many asked for no gradient at each of the steps.

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
    frozen: Floats

    @property
    def effective(self) -> Floats:
        """Effective rate −⟨Δw, g⟩ / ⟨g, g⟩: the rate that plain SGD would need.

        Weight decay that is apart from the gradient is not counted.
        """
        return _ratio(-self.sums.driven_gradient, self.sums.gradient_gradient)

    @property
    @unwarned
    def effective_error(self) -> Floats:
        """Half the width of the 95 % interval of `effective`.

        0 if all was measured. NaN if it is not known: a sample was measured, and a
        few blocks of it bear most of the gradient or elements have none.
        """
        of_moved, of_gradient, both, *_ = self.sums.errors
        rate = self.effective
        of_rate = rate**2 * of_gradient
        found = of_moved + 2 * rate * both + of_rate
        found = np.where(self._freedom < FEW, np.maximum(found, of_rate), found)
        spread = self._confident(found, self.sums.gradient_not_zero)
        return _ratio(spread, self.sums.gradient_gradient)

    @property
    def update_to_weight(self) -> Floats:
        """Update-to-weight ratio ‖Δw‖ / ‖w‖."""
        return np.sqrt(_ratio(self.sums.moved_moved, self.sums.weight_weight))

    @property
    @unwarned
    def update_to_weight_error(self) -> Floats:
        """Half the width of the 95 % interval of `update_to_weight`.

        0 and NaN as in `effective_error`; NaN also where elements did not move.
        """
        *_, of_moved, of_weight, both, _ = self.sums.errors
        ratio = _ratio(self.sums.moved_moved, self.sums.weight_weight)
        found = of_moved - 2 * ratio * both + ratio**2 * of_weight
        touched = np.minimum(self.sums.elements_moved, self.sums.gradient_not_zero)
        spread = self._confident(found, touched)
        spread = _ratio(spread, self.sums.weight_weight)
        return np.where(spread == 0, 0.0, _ratio(spread, 2 * np.sqrt(ratio)))

    @property
    def update_rms(self) -> Floats:
        """Root mean square of the movement of a coordinate."""
        return np.sqrt(_ratio(self.sums.moved_moved, self.elements))

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
        return _ratio(self.sums.elements_moved, self.elements)

    @property
    @unwarned
    def _freedom(self) -> Floats:
        """Degrees of freedom of the error; infinite where the blocks are all alike."""
        _, of_gradient, *_, squares = self.sums.errors
        return np.where(of_gradient == 0, np.inf, of_gradient**2 / squares)

    @unwarned
    def _confident(self, variance: Floats, touched: Floats) -> Floats:
        """Return half of the 95 % interval of what has this variance.

        Args:
            variance: of a sum.
            touched: coordinates that it has to do with.
        """
        if self.looked_at >= self.elements and not self.sums.errors.any():
            return np.zeros(len(self))
        freedom = self._freedom
        times = np.interp(1 / freedom, *_by_inverse())
        nearly_all = touched >= NEARLY_ALL * (self.elements - self.frozen)
        told = (freedom >= LEAST_FREEDOM) & nearly_all
        return np.where(told, times * np.sqrt(np.maximum(variance, 0.0)), np.nan)

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
            frozen=self.frozen[own] + other.frozen[others],
        )


def _ratio(upper: Floats, lower: Floats | float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lower == 0, np.nan, upper / lower)


def _by_inverse() -> tuple[Floats, Floats]:
    """Return 1 / degrees of freedom, rising, and the standard errors for each."""
    return 1 / np.array(FREEDOM[::-1]), np.array(CONFIDENT[::-1])
