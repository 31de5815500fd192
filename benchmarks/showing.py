"""Showing: what a user waits for who types ``lrscope show``, and for ``--help``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.digits import PROGRAM
from benchmarks.fresh import lrscope
from benchmarks.result import Result, spread

LIMITS = {"show": 0.3, "--help": 0.25}
"""Seconds."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure whole processes; Python's files are in the page cache."""
    times = 3 if quick else 21
    results = []
    with tempfile.TemporaryDirectory() as directory:
        run = f"{directory}/run"
        subprocess.run(
            [*lrscope(), "run", "-o", run, sys.executable, PROGRAM],
            check=True,
            capture_output=True,
        )
        commands = {"show": ["show", run], "--help": ["--help"]}
        for name, arguments in commands.items():
            seconds = [_seconds([*lrscope(), *arguments]) for _ in range(times)]
            results.append(
                Result(
                    what=f"`lrscope {name}`, a new process",
                    must=f"≤ {LIMITS[name]} s",
                    measured=spread(seconds, 3, "s"),
                    met=statistics.median(seconds) <= LIMITS[name],
                )
            )
        loaded = _loaded(["show", run])
    empty = [_seconds([sys.executable, "-c", "import numpy"]) for _ in range(times)]
    results += [
        Result(
            what="— torch among the modules that `lrscope show` loads",
            must="no",
            measured="yes" if "torch" in loaded else f"no, of {len(loaded)}",
            met="torch" not in loaded,
        ),
        Result(
            what="— of that `python -c 'import numpy'` alone",
            measured=spread(empty, 3, "s"),
        ),
    ]
    return results


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _loaded(arguments: list[str]) -> set[str]:
    """Return the modules that a command of lrscope imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lrscope", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    lines = done.stderr.splitlines()
    imports = [line for line in lines if line.startswith("import time")]
    return {line.rpartition("|")[2].strip() for line in imports}
