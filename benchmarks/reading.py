"""Reading: a long run into NumPy."""

from __future__ import annotations

import statistics
import tempfile
import time

from benchmarks.fresh import fresh
from benchmarks.result import Result, spread
from benchmarks.writing import write

GROUPS = 8
STEPS = 1_250_000
LIMIT = 0.5
"""Seconds."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure in processes of their own; the file is in the page cache."""
    steps = STEPS // 20 if quick else STEPS
    results = []
    for schedule in ("cosine", "cosine, per pass"):
        with tempfile.TemporaryDirectory() as directory:
            fresh(write, f"{directory}/run", schedule, steps, GROUPS)
            runs = [
                fresh(child, f"{directory}/run", steps)
                for _ in range(2 if quick else 7)
            ]
        results.append(
            Result(
                what=f"read {steps * GROUPS:,} group-steps into NumPy, {schedule}",
                must=f"≤ {LIMIT} s",
                measured=spread(runs, 3, "s"),
                met=statistics.median(runs) <= LIMIT,
            )
        )
    return results


def child(directory: str, steps: int) -> float:
    """Return the seconds that it takes to have every track's ``applied``."""
    import numpy as np  # noqa: F401 - what the user has loaded before

    import lrscope

    start = time.perf_counter()
    run = lrscope.read_run(directory)
    tracks = [each.applied for process in run.processes for each in process.tracks]
    seconds = time.perf_counter() - start
    if [len(each) for each in tracks] != [steps] * GROUPS:
        raise AssertionError([len(each) for each in tracks])
    return seconds
