"""Measure every figure and write benchmarks/RESULTS.md.

python -m benchmarks                            all of it; takes minutes
python -m benchmarks --only disk --only memory  some of it
python -m benchmarks --quick                    tiny sizes, to see that it works
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import time
import traceback
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.result import Result

BENCHMARKS = (
    "step_cost",
    "loggers",
    "digits",
    "effective",
    "driving",
    "disk",
    "reading",
    "auditing",
    "showing",
    "memory",
    "startup",
    "schedules",
)
PACKAGES = ("lrscope", "torch", "numpy", "tensorboard", "wandb")
RESULTS = Path(__file__).with_name("RESULTS.md")
METHOD = """\
"(a … b)" behind a median is the middle half of what was measured, or all of it where
that is less than four numbers. A line that begins with "—" explains the one above it.

- **Cost per step**: an MLP with AdamW, a cosine schedule and a DataLoader, one thread.
  Blocks of 4 steps with everything on alternate with bare ones in random order in one
  process. Each round compares the median step of a recorded block with that of two bare
  ones; the result of a process is the median over its rounds, and the table shows the
  median over processes. The control is how the two bare blocks differ: a cost below it
  means nothing. The cost within our functions misses what they cost others by filling
  the caches, and torch's calls of them.
- **Loggers**: the same loop and method, all in one process.
- **Size**: rates from torch's own schedulers go straight into the writer with the items
  that a real training leaves. Every file of the run counts.
- **Memory**: the recorder's hooks and wrappers are called without torch's own work.
"""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, no promises")
    options = parser.parse_args()
    chosen = options.only or BENCHMARKS
    start = time.perf_counter()
    load = _load()
    lines = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        lines += _measured(name, quick=options.quick)
    table = "\n".join(
        ["| figure | must | measured | met |", "| --- | --- | --- | --- |", *lines]
    )
    minutes = (time.perf_counter() - start) / 60
    text = f"# Results\n\n{_circumstances(load, minutes)}\n{table}\n\n{METHOD}"
    print(text)
    if options.only or options.quick:
        print(f"{RESULTS.name} is written by a full run only", file=sys.stderr)
    else:
        RESULTS.write_text(text, encoding="utf-8")


def _measured(name: str, *, quick: bool) -> list[str]:
    """Return the lines of one benchmark; if it fails, one that says so."""
    try:
        module = importlib.import_module(f"benchmarks.{name}")
        return [_line(each) for each in module.measure(quick)]
    except Exception as error:  # noqa: BLE001 - the others took minutes
        traceback.print_exc()
        return [f"| {name} | | failed: {error!r} | **no** |"]


def _line(result: Result) -> str:
    met = {True: "yes", False: "**no**", None: ""}[result.met]
    if result.must and result.met is None:
        met = "not measured"
    return f"| {result.what} | {result.must} | {result.measured} | {met} |"


def _circumstances(load: str, minutes: float) -> str:
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    words = ["python -m benchmarks", *sys.argv[1:]]
    return f"""\
- {date}, {minutes:.0f} minutes; command: `{" ".join(words)}`
- {_processor()}, {os.cpu_count()} cores, {platform.platform()}; load before: {load}
- Python {platform.python_version()}, {", ".join(map(_version, PACKAGES))}
"""


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [each.split(":", 1)[1].strip() for each in lines if "model name" in each]
    return names[0] if names else platform.machine()


def _load() -> str:
    try:
        return " ".join(f"{each:.1f}" for each in os.getloadavg())
    except OSError:
        return "unknown"


if __name__ == "__main__":
    main()
