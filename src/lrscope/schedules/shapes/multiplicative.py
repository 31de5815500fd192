"""A product of ratios, one for each step."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import Steps, length
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.function import named, of_each
from lrscope.schedules.shapes.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST_STEPS = 10**7
"""Values of more are not kept."""


@value
class multiplicative(Shape):
    """What ratios make of 1, one at each step; a function says which.

    f(t) = ratio(1)·ratio(2)·…·ratio(t)

    Factors of torch's MultiplicativeLR, with an end. The function is called once for
    every step from 1 to ``steps`` when the first value is asked for; between two steps
    it is the value of the earlier one. One ratio for all steps is ``exponential``.

    Args:
        ratio: The function, or its name as "module:name", as in ``function``.
        steps: Length.

    Raises:
        ScheduleError: If it is no function and no name of one, or has more than 10⁷
            steps; when a value is asked for, if the name leads nowhere or a ratio or a
            product is no finite number.

    >>> import lrscope
    >>> roots = lrscope.schedules.multiplicative("math:sqrt", 4)
    >>> roots([0, 1, 4]).round(6).tolist()
    [1.0, 1.0, 4.898979]
    """

    ratio: str | Callable[[float], float] = named()
    steps: Steps = length()
    turns = True

    def _prepare(self) -> None:
        if isinstance(self.steps, int) and self.steps > MOST_STEPS:
            msg = (
                f"multiplicative needs steps <= {MOST_STEPS:,}, got {self.steps}; "
                "its function is called for each of them"
            )
            raise ScheduleError(msg)

    def _formula(self, t: Any) -> Any:
        products = _products(self.ratio, self.steps)
        if isinstance(t, np.ndarray):
            return products[t.astype(np.intp)]
        return float(products[int(t)])


@lru_cache(maxsize=64)
def _products(ratio: Any, steps: int) -> NDArray[np.float64]:
    """Return the values of steps 0 … steps."""
    ratios = of_each(ratio, np.arange(1.0, steps + 1))
    with np.errstate(over="ignore", invalid="ignore"):
        products = np.cumprod(np.append(1.0, ratios))
    if not np.isfinite(products).all():
        step = int(np.isfinite(products).argmin())
        msg = f"multiplicative needs finite products, {ratio!r} leaves them at {step}"
        raise ScheduleError(msg)
    return products
