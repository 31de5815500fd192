"""Step cost: what recording adds to a training step, everything on."""

from __future__ import annotations

import statistics
import tempfile

from benchmarks.fresh import fresh
from benchmarks.paired import CONTROL
from benchmarks.result import Result, spread

LIMITS = {1: 6, 8: 8, 64: 15, 512: 80}
"""Microseconds that a step may cost more, by groups."""

ROUNDS = {1: 1500, 8: 1500, 64: 800, 512: 200}
"""In each process."""

OWN_STEPS = 400
"""In which the time inside our functions is taken."""

PROCESSES = 3


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure for each number of groups, in several processes."""
    results = []
    for groups, limit in LIMITS.items():
        rounds = 6 if quick else ROUNDS[groups]
        runs = [fresh(child, groups, rounds) for _ in range(1 if quick else PROCESSES)]
        added = statistics.median(each["added"] for each in runs)
        plural = "group" if groups == 1 else "groups"
        step = statistics.median(each["bare"] for each in runs)
        results += [
            Result(
                what=f"cost per step, {groups} {plural} ({step:.1f} ms steps)",
                must=f"≤ {limit} µs",
                measured=spread([each["added"] for each in runs], 1, "µs"),
                met=added <= limit,
            ),
            Result(
                what="— of that inside our own functions, timed from within",
                measured=spread([each["own"] for each in runs], 1, "µs"),
            ),
            Result(
                what="— control: bare against bare",
                measured=spread([each["control"] for each in runs], 1, "µs"),
            ),
        ]
    return results


def child(groups: int, rounds: int) -> dict[str, float]:
    """Measure in this process; return medians."""
    from benchmarks.own_time import own_times
    from benchmarks.paired import differences
    from benchmarks.switch import Switch
    from benchmarks.training import Loop
    from lrscope.capture.recorder import Recorder

    loop = Loop(groups)
    with tempfile.TemporaryDirectory() as directory:
        recorder = Recorder(directory, 0)
        switch = Switch(recorder, loop.calls)
        found = differences(loop, {"added": switch.way()}, switch.bare(), rounds)
        switch.on()
        recorder.stop()
        own = own_times(loop, directory, min(OWN_STEPS, 20 * rounds))
    return {
        "bare": statistics.median(found["bare"]),
        "added": statistics.median(found["added"]),
        "control": statistics.median(found[CONTROL]),
        "own": statistics.median(own),
    }
