"""Paired: what a way of watching a loop adds to its steps.

Short blocks of steps with it and without alternate in random order within one
process, so that both see the same machine, memory and moment: where neighbours share
the machine, blocks of 4 steps vary a fifth as much from one to the next as blocks of
24 do in the same time. What is compared is the median step of a block with those of
the two bare blocks of the same round. How these two differ is the control, "bare
again": it shows how far to trust the result.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.training import Loop

BLOCK = 4
"""Steps of a block."""

SKIP = 1
"""First steps of a block that are not counted: caches are cold, and a recorder finds
rates that it did not see change."""

WARM_UP = 12
"""Rounds before those that count: everything is new."""

PAUSE = 0.02
"""Seconds in which loggers finish what they do behind a step."""

CONTROL = "bare again"


class Way(NamedTuple):
    """How a way of watching is switched on and off."""

    on: Callable[[], None]
    off: Callable[[], None]


def nothing() -> None:
    """Do nothing."""


def differences(
    loop: Loop,
    ways: dict[str, Way],
    bare: Way,
    rounds: int,
    working_on: dict[str, Way] | None = None,
) -> dict[str, list[float]]:
    """Return microseconds that each way adds to a step, one value a round.

    Args:
        loop: to run.
        ways: by name.
        bare: what is to be switched for a bare block.
        rounds: each has one block of every way, and two bare ones.
        working_on: ways that go on in the background when their block is over. They are
            given a pause before what is measured next.

    Returns:
        for each way and the control; and under "bare" the milliseconds of a bare step.
    """
    chance = random.Random()  # another order in every process
    every = {"bare": bare, CONTROL: bare, **ways}
    working_on = working_on or {}
    found: dict[str, list[float]] = {name: [] for name in (*every, *working_on)}
    order, later = list(every), list(working_on)
    for number in range(rounds + WARM_UP):
        chance.shuffle(order)
        chance.shuffle(later)
        medians = {name: _block(loop, every[name]) for name in order}
        for name in later:
            medians[name] = _block(loop, working_on[name])
            time.sleep(PAUSE)
            _block(loop, bare)  # what comes next finds the caches as they were
        if number < WARM_UP:
            continue
        bare_step = (medians["bare"] + medians[CONTROL]) / 2
        for name in (*ways, *working_on):
            found[name].append((medians[name] - bare_step) / 1e3)
        found[CONTROL].append((medians[CONTROL] - medians["bare"]) / 1e3)
        found["bare"].append(bare_step / 1e6)
    return found


def _block(loop: Loop, way: Way) -> float:
    way.on()
    steps = [loop.step() for _ in range(BLOCK)]
    way.off()
    return statistics.median(steps[SKIP:])
