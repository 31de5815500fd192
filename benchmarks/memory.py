"""Memory: what a long recording adds to the training process.

The recorder's own hooks and its wrapper round ``scheduler.step`` are called as in a
step; torch's own work, of which millions of steps would take an hour, is left out.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.fresh import fresh
from benchmarks.result import Result

STEPS = 10_000_000
GROUPS = 1
LIMIT = 32
"""Megabytes."""


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Compare the growth of a process with that of one that records nothing."""
    steps = STEPS // 50 if quick else STEPS
    bare = fresh(child, steps, False)  # noqa: FBT003
    recorded = fresh(child, steps, True)  # noqa: FBT003
    added = recorded["now"] - bare["now"]
    most = recorded["most"] - bare["most"]
    return [
        Result(
            what=f"memory added after {steps:,} steps, {GROUPS} group "
            f"({recorded['seconds']:.0f} s)",
            must=f"≤ {LIMIT} MB",
            measured=f"{added:.1f} MB; {most:.1f} MB at the most",
            met=max(added, most) <= LIMIT,
        ),
        Result(
            what="— control: growth without recording",
            measured=f"{bare['now']:.1f} MB; {bare['most']:.1f} MB at the most",
        ),
    ]


def child(steps: int, recording: bool) -> dict[str, float]:  # noqa: FBT001
    """Take steps and return by how many megabytes this process grew."""
    import torch

    class Decay(torch.optim.lr_scheduler.LRScheduler):
        def __init__(self, optimizer: torch.optim.Optimizer) -> None:
            self.optimizer = optimizer

        def step(self) -> None:
            self.optimizer.param_groups[0]["lr"] *= 0.999999

    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scheduler = Decay(optimizer)
    optimizer.step()
    before, most_before = _resident()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        first = last = _nothing
        if recording:
            from lrscope.capture.recorder import Recorder

            recorder = Recorder(directory, 0)
            first, last = recorder._optimizers.hooks()
            recorder._optimizers.hooks = lambda: (first, last)  # type: ignore[method-assign]
            recorder.start()
        for _ in range(steps):
            first(optimizer, (), {})
            last(optimizer, (), {})
            scheduler.step()
        after, most_after = _resident()
        if recording:
            if recorder._journal.rows != steps:
                raise AssertionError(recorder._journal.rows)
            recorder.stop()
    return {
        "now": after - before,
        "most": most_after - most_before,
        "seconds": time.perf_counter() - start,
    }


def _nothing(*_: object) -> None:
    return None


def _resident() -> tuple[float, float]:
    """Return the megabytes of memory that this process holds, and held at the most."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        import resource  # no Linux: only the most is known

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        return most, most
    fields = dict(line.split(":", 1) for line in lines)
    return tuple(int(fields[each].split()[0]) / 1e3 for each in ("VmRSS", "VmHWM"))  # type: ignore[return-value]
