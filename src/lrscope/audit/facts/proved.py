"""Proved: the length of a function's schedule, where the rates prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.held import held_by
from lrscope.audit.facts.horizon import Horizon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.facts.scheduler import Scheduler

LEAST, MOST = 20, 100_000
"""Rates, none twice, that prove a length; updates that are looked at."""

EXACT = 1e-6
"""Share of the peak by which rates may miss the formula."""


def proved_horizon(scheduler: Scheduler) -> Horizon | None:
    """Return the length that a LambdaLR's function holds as a number; None if unclear.

    A name does not say what a number means. So all rates must be those of a cosine or
    linear decay over just so many steps, behind the warm-up that they show.
    """
    optimizer = scheduler.optimizer
    if scheduler.class_name != "LambdaLR" or scheduler.by_argument or not optimizer:
        return None
    groups = [each for each in optimizer.groups if each.peak > 0 and not each.begins]
    if len(optimizer.driven_by) != 1 or not groups or not groups[0].is_finite:
        return None
    lr = groups[0].applied[:MOST] / groups[0].peak
    steps = scheduler.restored.at_updates[:MOST]
    if steps.size != lr.size or np.unique(lr).size < LEAST:
        return None
    rise = _warmups(lr, steps)
    held = {int(v): name for name, v in held_by(scheduler).items() if v == int(v)}
    for length, name in held.items():
        warm = next((w for w in rise if _follows(lr, steps, w, length)), None)
        if warm is not None:
            return Horizon(steps=length, name=name, warmup=warm)
    return None


def _warmups(lr: NDArray[np.float64], steps: NDArray[np.signedinteger]) -> list[int]:
    """Return the steps after which the rates may begin to fall."""
    top = np.flatnonzero(lr == 1)
    return sorted({0, *(int(steps[k]) + more for k in top[[0, -1]] for more in (0, 1))})


def _follows(
    lr: NDArray[np.float64], steps: NDArray[np.signedinteger], warm: int, length: int
) -> bool:
    """Say whether rates fall from 1 over some steps as schedules do."""
    falls = steps >= warm
    if length <= warm + 1 or np.unique(lr[falls]).size < LEAST:
        return False
    way = np.minimum((steps[falls] - warm) / (length - warm), 1)
    rates = lr[falls]
    return any(np.abs(rates - each).max() <= EXACT for each in _shapes(way, rates))


def _shapes(
    way: NDArray[np.float64], rates: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Yield the decays to 0 along a way, and the cosine to the floor that fits."""
    cosine = (1 + np.cos(np.pi * way)) / 2
    yield 1 - way
    yield cosine
    far = int(way.argmax())
    floor = (rates[far] - cosine[far]) / max(1 - cosine[far], EXACT)
    if 0 < floor < 1:
        yield floor + (1 - floor) * cosine
