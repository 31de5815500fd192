"""Schedules: a million steps at once, and one step at a time."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import lrscope
from benchmarks.every_schedule import STEPS as STEPS_OF_ONE
from benchmarks.every_schedule import every_schedule
from benchmarks.result import Result, spread

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 1_000_000
WARMUP = 50_000
TIMES_BARE = 2.0
ONE_CALL = 3.0
"""Microseconds."""
CHAIN = 100
CHAIN_CALL = 6.0
"""Microseconds."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure in this process; rounds of both sides alternate."""
    return [*_arrays(quick), *_every(quick), _chain(quick)]


def _arrays(quick: bool) -> list[Result]:  # noqa: FBT001
    rounds = 5 if quick else 31
    steps = np.arange(STEPS // 20 if quick else STEPS)
    plan = lrscope.warmup(WARMUP) >> lrscope.cosine(STEPS - WARMUP, floor=0.1)
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(_seconds(plan, steps))
        bare.append(_seconds(_bare, steps))
    times = [one / other for one, other in zip(ours, bare)]
    return [
        Result(
            what=f"{steps.size:,} steps of warm-up and cosine, one call",
            must=f"≤ {TIMES_BARE:.0f}× a bare NumPy expression",
            measured=f"{spread(times, 2)}× ({spread([1e3 * s for s in ours], 1)} ms)",
            met=statistics.median(times) <= TIMES_BARE,
        ),
    ]


def _every(quick: bool) -> list[Result]:  # noqa: FBT001
    """Measure one call of each shape, node and quirk, at its slowest place."""
    places = (0, 1, STEPS_OF_ONE // 3, STEPS_OF_ONE // 2 + 1, 2 * STEPS_OF_ONE)
    found = {
        name: max(_microseconds(each, step, quick) for step in places)
        for name, each in every_schedule().items()
    }
    ranked = sorted(found, key=found.__getitem__, reverse=True)
    slowest = ", ".join(f"{name} {found[name]:.2f}" for name in ranked[1:4])
    return [
        Result(
            what=f"one step, the slowest of all {len(found)} shapes and nodes",
            must=f"≤ {ONE_CALL:.0f} µs",
            measured=f"{found[ranked[0]]:.2f} µs ({ranked[0]}; then {slowest})",
            met=found[ranked[0]] <= ONE_CALL,
        ),
        Result(
            what="— the median of all, each at the worst of "
            f"{len(places)} places; a warm-up and cosine",
            measured=f"{statistics.median(found.values()):.2f} µs; "
            f"{found['then']:.2f} µs",
        ),
    ]


def _chain(quick: bool) -> Result:  # noqa: FBT001
    plan = lrscope.warmup(WARMUP) >> lrscope.cosine(STEPS - WARMUP, floor=0.1)
    chain = plan
    for _ in range(CHAIN // 2 - 1):
        chain = chain >> plan
    length = chain.length or 0
    places = (0, length // 3, length // 2, length - 1, 2**53)
    chained = [_microseconds(chain, step, quick) for step in places]
    return Result(
        what=f"one step of a chain of {CHAIN} parts, worst of {len(places)} places",
        must=f"≤ {CHAIN_CALL:.0f} µs",
        measured=f"{max(chained):.2f} µs",
        met=max(chained) <= CHAIN_CALL,
    )


def _bare(steps: Any) -> Any:
    """Return what a user would write."""
    fall = 0.5 * (1 + np.cos(np.pi * (steps - WARMUP) / (STEPS - WARMUP)))
    return np.where(steps < WARMUP, (steps + 1) / (WARMUP + 1), 0.1 + 0.9 * fall)


def _seconds(call: Callable[[Any], Any], steps: Any) -> float:
    start = time.perf_counter()
    call(steps)
    return time.perf_counter() - start


def _microseconds(call: Callable[[Any], Any], step: int, quick: bool) -> float:  # noqa: FBT001
    """Return the median time of one call, over batches."""
    size, batches = 200, 3 if quick else 31
    found = []
    for _ in range(batches):
        start = time.perf_counter()
        for _ in range(size):
            call(step)
        found.append((time.perf_counter() - start) / size * 1e6)
    return statistics.median(found)
