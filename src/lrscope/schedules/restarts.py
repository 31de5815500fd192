"""The recipe of cosines that start again from the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import finite, whole
from lrscope.schedules.rest import rest
from lrscope.schedules.shapes.cosine import cosine
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.warmup import warmup

if TYPE_CHECKING:
    from lrscope.schedules.amount import Length
    from lrscope.schedules.schedule import Schedule


def cosine_restarts(  # noqa: PLR0913 - each is one way in which cycles differ
    first: Length,
    *,
    grow: float = 1.0,
    scale: float = 1.0,
    floor: float = 0.0,
    warmup_steps: Length = 0,
    cycles: int | None = None,
) -> Schedule:
    """Return half cosines that start again from the top.

    With a ``scale`` the peak of cycle k is scale^k and every cycle comes down to the
    floor. Source: Loshchilov and Hutter, "SGDR", 2017, arXiv:1608.03983.

    Args:
        first: Steps of the first cycle, with its warm-up.
        grow: Every cycle takes this many times the steps of the one before.
        scale: Every peak is this factor of the one before.
        floor: Value at the end of each cycle, from 0 to 1.
        warmup_steps: Steps of a linear rise at the beginning of each cycle; they
            grow as the cycles do.
        cycles: Number of cycles; without end if None.

    Raises:
        ScheduleError: If the warm-up leaves no step for the cosine; if cycles shrink
            without end.

    >>> import lrscope
    >>> lrscope.schedules.cosine_restarts(100, grow=2.0)
    cosine(100).repeat(grow=2.0)
    """
    left = rest("cosine_restarts", first=first, warmup_steps=warmup_steps)
    low = finite("cosine_restarts needs floor", floor)
    if cycles is not None:
        whole("cosine_restarts needs cycles", cycles, 1)
    elif grow < 1:
        msg = f"cosine_restarts needs cycles if grow < 1, got grow={grow!r} without end"
        raise ScheduleError(msg)
    if scale == 1 or not low:
        cycle: Schedule = cosine(left, floor=low)
        if warmup_steps:
            cycle = warmup(warmup_steps, low or None) >> cycle
        return cycle.repeat(cycles, scale=scale, grow=grow)
    wave: Schedule = cosine(left)
    rest_of_wave = wave.reverse()
    if warmup_steps:
        wave = warmup(warmup_steps, 0.0) >> wave
        rest_of_wave = linear(warmup_steps) >> rest_of_wave
    falling = wave.repeat(cycles, scale=scale, grow=grow)
    return falling + low * rest_of_wave.repeat(cycles, grow=grow)
