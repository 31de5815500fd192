"""Recipes: well-known plans, put together from shapes. No maths of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import whole
from lrscope.schedules.shapes.cosine import cosine
from lrscope.schedules.shapes.warmup import warmup

if TYPE_CHECKING:
    from lrscope.schedules.schedule import Schedule


def warmup_cosine(
    total_steps: int, warmup_steps: int, *, floor: float = 0.0
) -> Schedule:
    """Return a linear warm-up and half a cosine over the rest.

    Args:
        total_steps: Steps of both together.
        warmup_steps: Steps of the warm-up, below ``total_steps``.
        floor: Final value, from 0 to 1.

    Raises:
        ScheduleError: If the warm-up leaves no step for the cosine.

    >>> import lrscope
    >>> lrscope.schedules.warmup_cosine(10_000, 500, floor=0.1)
    warmup(500) >> cosine(9500, floor=0.1)
    """
    left = rest("warmup_cosine", total_steps, warmup_steps)
    return warmup(warmup_steps) >> cosine(left, floor=floor)


def rest(who: str, total_steps: int, *parts: int) -> int:
    """Return the steps that parts leave of a total, at least one."""
    total = whole(f"{who} needs total_steps", total_steps, 1)
    used = sum(whole(f"{who} needs its parts", each, 0) for each in parts)
    if used >= total:
        msg = f"{who} needs total_steps > {used} (its other parts), got {total}"
        raise ScheduleError(msg)
    return total - used
