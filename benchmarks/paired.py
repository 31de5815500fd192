"""Paired: what a way of watching a loop adds to its steps.

Blocks of steps with it and blocks without alternate in random order within one
process, so that both see the same machine, memory and moment. What is compared is
the median step of a block with those of the two bare blocks of the same round. How
these two differ is the control, "bare again": it shows how far to trust the result.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.training import Loop

BLOCK = 24
"""Steps of a block."""

SKIP = 4
"""First steps of a block that are not counted: switching leaves caches cold."""

CONTROL = "bare again"


class Way(NamedTuple):
    """How a way of watching is switched on and off."""

    on: Callable[[], None]
    off: Callable[[], None]


def nothing() -> None:
    """Do nothing."""


def differences(
    loop: Loop, ways: dict[str, Way], bare: Way, rounds: int, pause: float = 0
) -> dict[str, list[float]]:
    """Return microseconds that each way adds to a step, one value a round.

    Args:
        loop: to run.
        ways: by name.
        bare: what is to be switched for a bare block.
        rounds: each has one block of every way, and two bare ones.
        pause: seconds between blocks, for what goes on in the background.

    Returns:
        for each way and the control; and under "bare" the milliseconds of a bare step.
    """
    chance = random.Random()  # another order in every process
    every = {"bare": bare, CONTROL: bare, **ways}
    found: dict[str, list[float]] = {name: [] for name in every}
    order = list(every)
    for number in range(rounds + 2):
        chance.shuffle(order)
        medians = {name: _block(loop, every[name], pause) for name in order}
        if number < 2:  # everything is new
            continue
        bare_step = (medians["bare"] + medians[CONTROL]) / 2
        for name in ways:
            found[name].append((medians[name] - bare_step) / 1e3)
        found[CONTROL].append((medians[CONTROL] - medians["bare"]) / 1e3)
        found["bare"].append(bare_step / 1e6)
    return found


def _block(loop: Loop, way: Way, pause: float) -> float:
    if pause:
        time.sleep(pause)
    way.on()
    steps = [loop.step() for _ in range(BLOCK)]
    way.off()
    return statistics.median(steps[SKIP:])
