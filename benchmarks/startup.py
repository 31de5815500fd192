"""Start-up: what a Python process that never imports torch pays below lrscope run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fresh import lrscope
from benchmarks.result import Result, spread

LIMIT = 10
"""Milliseconds."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure pairs of processes; the order within a pair alternates."""
    with tempfile.TemporaryDirectory() as directory:
        run = Path(directory, "run")
        recorded = _environment(run)
        run.mkdir(exist_ok=True)
        bare = dict(os.environ)
        pairs = []
        for number in range(5 if quick else 150):
            first, second = (recorded, bare) if number % 2 else (bare, recorded)
            times = [_milliseconds(first), _milliseconds(second)]
            pairs.append(times[::-1] if number % 2 else times)
        left = list(run.iterdir())
    added = [b - a for a, b in pairs]
    return [
        Result(
            what="start-up of a Python process that never imports torch",
            must=f"< {LIMIT} ms more",
            measured=f"{spread(added, 2, 'ms')} on {pairs[0][0]:.0f} ms",
            met=statistics.median(added) < LIMIT,
        ),
        Result(
            what="— files that it leaves",
            must="0",
            measured=str(len(left)),
            met=not left,
        ),
    ]


def _environment(run: Path) -> dict[str, str]:
    """Return the environment that ``lrscope run`` gives a command."""
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        [*lrscope(), "run", "-o", str(run), sys.executable, "-c", program],
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _milliseconds(variables: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True, env=variables)
    return 1e3 * (time.perf_counter() - start)
