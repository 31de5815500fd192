"""Sums: products of movement, gradient and weights, added up over coordinates."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import ParamSpec, TypeVar

    from numpy.typing import NDArray

    P = ParamSpec("P")
    R = TypeVar("R")

Floats: TypeAlias = "NDArray[np.float64]"

PRODUCTS = {
    "moved_moved": "moved·moved",
    "moved_gradient": "moved·gradient",
    "moved_weight": "moved·weight",
    "gradient_gradient": "gradient·gradient",
    "gradient_weight": "gradient·weight",
    "weight_weight": "weight·weight",
}
"""Products by their columns in the file."""

ERRORS = (
    "var(driven·gradient)", "var(gradient·gradient)",
    "cov(driven·gradient,gradient·gradient)", "var(moved·moved)", "var(weight·weight)",
    "cov(moved·moved,weight·weight)", "squares(gradient·gradient)",
)  # fmt: skip
"""Columns that tell how far sums may be from those over all coordinates."""

COUNTS = ("gradient_not_zero", "gradient_finite", "elements_moved")
"""Columns that count coordinates."""


def unwarned(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function calculate with gradients that are infinite or not a number."""

    @wraps(function)
    def calculated(*args: P.args, **kwargs: P.kwargs) -> R:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return function(*args, **kwargs)

    return calculated


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

    @unwarned
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
    def joined(parts: Iterable[Sums]) -> Sums:
        """Return the sums of several series of steps, one after the other."""
        parts = list(parts)
        return Sums._each(
            lambda name: np.concatenate([getattr(each, name) for each in parts], -1)
        )

    @staticmethod
    def _each(of: Any) -> Sums:
        return Sums(**{field.name: of(field.name) for field in fields(Sums)})

    @staticmethod
    @unwarned
    def of_columns(columns: dict[str, Floats]) -> Sums:
        """Return sums from the columns of the file."""
        products = {name: columns[column] for name, column in PRODUCTS.items()}
        decay = columns["decay"]
        return Sums(
            **products,
            driven_gradient=columns["moved·gradient"]
            + decay * columns["gradient·weight"],
            driven_driven=np.maximum(
                columns["moved·moved"]
                + 2 * decay * columns["moved·weight"]
                + decay**2 * columns["weight·weight"],
                0.0,  # where nothing is driven, rounding may leave less
            ),
            **{name: columns[name] for name in COUNTS},
            errors=np.stack([columns[name] for name in ERRORS]),
        )
