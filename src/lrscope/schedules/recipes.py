"""Recipes: well-known plans, put together from shapes. No maths of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.schedules.arguments import Steps, finite, whole_or_amount
from lrscope.schedules.rest import rest
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine
from lrscope.schedules.shapes.decay import decay
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.powers import inverse_sqrt, polynomial
from lrscope.schedules.shapes.warmup import warmup

if TYPE_CHECKING:
    from lrscope.schedules.amount import Length
    from lrscope.schedules.schedule import Schedule


def warmup_constant(warmup_steps: Length) -> Schedule:
    """Return a linear warm-up and the base rate from then on, without end.

    Args:
        warmup_steps: Steps of the warm-up.

    >>> import lrscope
    >>> lrscope.schedules.warmup_constant(500)
    warmup(500) >> constant()
    """
    return _rise("warmup_constant", warmup_steps) >> constant()


def warmup_linear(
    total_steps: Length, warmup_steps: Length, *, floor: float = 0.0
) -> Schedule:
    """Return a linear warm-up and a straight line down over the rest.

    Args:
        total_steps: Steps of both together.
        warmup_steps: Steps of the warm-up, below ``total_steps``; 0 for none.
        floor: Final value.

    Raises:
        ScheduleError: If the warm-up leaves no step for the line.

    >>> import lrscope
    >>> lrscope.schedules.warmup_linear(10_000, 500)
    warmup(500) >> linear(9500)
    """
    left = rest("warmup_linear", total_steps=total_steps, warmup_steps=warmup_steps)
    low = finite("warmup_linear needs floor", floor)
    return _warmed(warmup_steps, linear(left, end=low))


def warmup_cosine(
    total_steps: Length, warmup_steps: Length, *, floor: float = 0.0
) -> Schedule:
    """Return a linear warm-up and half a cosine over the rest.

    Args:
        total_steps: Steps of both together.
        warmup_steps: Steps of the warm-up, below ``total_steps``; 0 for none.
        floor: Final value, from 0 to 1.

    Raises:
        ScheduleError: If the warm-up leaves no step for the cosine.

    >>> import lrscope
    >>> lrscope.schedules.warmup_cosine(10_000, 500, floor=0.1)
    warmup(500) >> cosine(9500, floor=0.1)
    """
    left = rest("warmup_cosine", total_steps=total_steps, warmup_steps=warmup_steps)
    return _warmed(warmup_steps, cosine(left, floor=floor))


def warmup_polynomial(
    total_steps: Length,
    warmup_steps: Length,
    *,
    power: float = 1.0,
    end: float = 0.0,
) -> Schedule:
    """Return a linear warm-up and a polynomial over the rest.

    Args:
        total_steps: Steps of both together.
        warmup_steps: Steps of the warm-up, below ``total_steps``; 0 for none.
        power: Power of the polynomial, above 0.
        end: Final value.

    Raises:
        ScheduleError: If the warm-up leaves no step for the polynomial.

    >>> import lrscope
    >>> lrscope.schedules.warmup_polynomial(10_000, 500, power=2.0)
    warmup(500) >> polynomial(9500, power=2.0)
    """
    left = rest("warmup_polynomial", total_steps=total_steps, warmup_steps=warmup_steps)
    return _warmed(warmup_steps, polynomial(left, power=power, end=end))


def warmup_inverse_sqrt(
    warmup_steps: Length, *, timescale: Length | None = None
) -> Schedule:
    """Return a linear warm-up and one over the square root of the step, without end.

    Args:
        warmup_steps: Steps of the warm-up.
        timescale: Steps after the warm-up until it is 1/√2; as many as it if None.

    >>> import lrscope
    >>> lrscope.schedules.warmup_inverse_sqrt(500)
    warmup(500) >> inverse_sqrt(500)
    """
    rise = _rise("warmup_inverse_sqrt", warmup_steps)
    if timescale is None:
        return rise >> inverse_sqrt(rise.steps)
    return rise >> inverse_sqrt(timescale)


def warmup_stable_decay(  # noqa: PLR0913 - the three parts and how the last one falls
    total_steps: Length,
    warmup_steps: Length,
    decay_steps: Length,
    *,
    shape: str = "linear",
    floor: float = 0.0,
    power: float = 0.5,
    ratio: float = 0.1,
) -> Schedule:
    """Return a warm-up, the base rate for most of the run, and a decay at its end.

    For a stable part that falls, write it so: ``warmup(500) >> power_law(0.5, 500) *
    (constant(steps=8_000) >> decay(1_500))``.

    Args:
        total_steps: Steps of all three together.
        warmup_steps: Steps of the warm-up; 0 for none.
        decay_steps: Steps of the decay.
        shape: How it decays, see ``decay``.
        floor: Final value, from 0 to 1.
        power: Power of the shape "power", above 0.
        ratio: Ratio of the shape "exponential", between 0 and 1.

    Raises:
        ScheduleError: If the two leave no step between them.

    >>> import lrscope
    >>> lrscope.warmup_stable_decay(10_000, 500, 2_000, shape="1-sqrt")
    warmup(500) >> constant(steps=7500) >> decay(2000, shape='1-sqrt')
    """
    stable = _stable("warmup_stable_decay", total_steps, warmup_steps, decay_steps)
    fall = decay(decay_steps, shape, floor=floor, power=power, ratio=ratio)
    return _warmed(warmup_steps, stable >> fall)


def trapezoid(
    total_steps: Length,
    warmup_steps: Length,
    decay_steps: Length,
    *,
    floor: float = 0.0,
) -> Schedule:
    """Return straight up, flat, straight down.

    Args:
        total_steps: Steps of all three together.
        warmup_steps: Steps of the way up; 0 for none.
        decay_steps: Steps of the way down.
        floor: Final value.

    Raises:
        ScheduleError: If the two leave no step between them.

    >>> import lrscope
    >>> lrscope.schedules.trapezoid(10_000, 500, 2_000)
    warmup(500) >> constant(steps=7500) >> linear(2000)
    """
    stable = _stable("trapezoid", total_steps, warmup_steps, decay_steps)
    fall = linear(decay_steps, end=finite("trapezoid needs floor", floor))
    return _warmed(warmup_steps, stable >> fall)


def flat_cosine(
    total_steps: Length, flat_steps: Length, *, floor: float = 0.0
) -> Schedule:
    """Return the base rate for some steps and half a cosine over the rest.

    Args:
        total_steps: Steps of both together.
        flat_steps: Steps at the base rate, below ``total_steps``; fastai takes 75 %.
        floor: Final value, from 0 to 1.

    Raises:
        ScheduleError: If the flat part leaves no step for the cosine.

    >>> import lrscope
    >>> lrscope.schedules.flat_cosine(10_000, 7_500)
    constant(steps=7500) >> cosine(2500)
    """
    left = rest("flat_cosine", total_steps=total_steps, flat_steps=flat_steps)
    fall = cosine(left, floor=floor)
    return constant(steps=flat_steps) >> fall if flat_steps else fall


def _warmed(steps: Steps, then: Schedule) -> Schedule:
    return warmup(steps) >> then if steps else then


def _rise(who: str, warmup_steps: Steps) -> warmup:
    return warmup(whole_or_amount(f"{who} needs warmup_steps", warmup_steps, 1))


def _stable(who: str, total: Steps, rise: Steps, drop: Steps) -> Schedule:
    whole_or_amount(f"{who} needs decay_steps", drop, 1)
    return constant(
        steps=rest(who, total_steps=total, warmup_steps=rise, decay_steps=drop)
    )
