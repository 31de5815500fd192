"""Digits: the example program with and without recording.

Once as whole processes, as a user types them, and once its code alone (data, model,
training) in one process where everything is imported, which is the larger part of
such a short program. Runs with and without alternate; times are of a clock on the
wall.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.fresh import ROOT, fresh, lrscope
from benchmarks.result import Result, spread

LIMIT = 1.0
"""Percent that it may be slower."""

PROGRAM = str(ROOT / "examples" / "digits.py")


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure both ways."""
    inside = fresh(child, 1 if quick else 40, OMP_NUM_THREADS="1")
    whole = _whole(1 if quick else 12)
    return [
        told("its code alone, all imported, one thread", inside),
        told("whole process, `lrscope run` with start and summary", whole),
    ]


def told(what: str, pairs: list[list[float]], limit: float = LIMIT) -> Result:
    """Return how much slower the program was, and whether that is too much."""
    slower = [100 * (recorded / bare - 1) for bare, recorded in pairs]
    extra = [1e3 * (recorded - bare) for bare, recorded in pairs]
    bare = statistics.median(each[0] for each in pairs)
    return Result(
        what=f"examples/digits.py, {what} ({bare:.2f} s)",
        must=f"≤ {limit:g} % slower",
        measured=f"{spread(slower, 1, '%')}, {statistics.median(extra):.0f} ms",
        met=statistics.median(slower) <= limit,
    )


def child(pairs: int, effective: str | None = None) -> list[list[float]]:
    """Run the program's code in this process, [bare, recorded] seconds."""
    import runpy

    from lrscope import record

    def run() -> float:
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(PROGRAM, run_name="__main__")
        return time.perf_counter() - start

    def recorded() -> float:
        with tempfile.TemporaryDirectory() as directory:
            start = time.perf_counter()
            with record(f"{directory}/run", effective=effective):
                run()
            return time.perf_counter() - start

    run()
    recorded()
    return [pair(number, run, recorded) for number in range(pairs)]


def _whole(pairs: int) -> list[list[float]]:
    bare = [sys.executable, PROGRAM]

    def run(command: list[str]) -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start

    def recorded() -> float:
        with tempfile.TemporaryDirectory() as directory:
            return run([*lrscope(), "run", "-o", f"{directory}/run", *bare])

    run(bare)
    return [pair(number, lambda: run(bare), recorded) for number in range(pairs)]


def pair(number: int, bare, recorded) -> list[float]:  # noqa: ANN001
    """Return what both took, in turns which comes first."""
    if number % 2:
        second = recorded()
        return [bare(), second]
    return [bare(), recorded()]
