"""Loggers: lrscope beside TensorBoard and Weights & Biases, in one run.

Each writes every group's rate at every step, to a directory on the same disk.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.fresh import fresh
from benchmarks.paired import CONTROL
from benchmarks.result import Result, spread

if TYPE_CHECKING:
    from benchmarks.paired import Way
    from benchmarks.training import Loop

GROUPS = 8
LIMITS = {"tensorboard": ("TensorBoard add_scalar", 10), "wandb": ("W&B offline", 100)}


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Measure all in one process, and again in others."""
    rounds, processes = (6, 1) if quick else (600, 3)
    runs = [fresh(child, GROUPS, rounds) for _ in range(processes)]
    results = [
        Result(
            what=f"cost per step in this run, {GROUPS} groups: lrscope",
            measured=spread([each["lrscope"] for each in runs], 1, "µs"),
        )
    ]
    for module, (name, limit) in LIMITS.items():
        what = f"{name}, {GROUPS} groups, against lrscope"
        must = f"≥ {limit} ×"
        if module not in runs[0]:
            results.append(Result(what=what, must=must, measured="not installed"))
            continue
        ratios = [each[module] / each["lrscope"] for each in runs]
        cost = spread([each[module] for each in runs], 0, "µs")
        results.append(
            Result(
                what=what,
                must=must,
                measured=f"{spread(ratios, 0, '×')}: {cost}",
                met=statistics.median(ratios) >= limit,
            )
        )
    control = spread([each[CONTROL] for each in runs], 1, "µs")
    results.append(Result(what="— control: bare against bare", measured=control))
    return results


def child(groups: int, rounds: int) -> dict[str, float]:
    """Measure in this process; return median microseconds that each adds."""
    from benchmarks.paired import differences
    from benchmarks.switch import Switch
    from benchmarks.training import Loop
    from lrscope.capture.recorder import Recorder

    loop = Loop(groups)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        recorder = Recorder(directory, 0)
        switch = Switch(recorder, loop.calls)
        others, ends = {}, []
        for module, make in (("tensorboard", _tensorboard), ("wandb", _wandb)):
            if importlib.util.find_spec(module):
                others[module], end = make(loop, f"{directory}/{module}")
                ends.append(end)
        ours = {"lrscope": switch.way()}
        found = differences(loop, ours, switch.bare(), rounds, others)
        switch.on()
        recorder.stop()
        for end in ends:
            end()
    return {name: statistics.median(values) for name, values in found.items()}


def _tensorboard(loop: Loop, directory: str) -> tuple[Way, Any]:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(directory)
    names = [f"lr/{index}" for index in range(len(loop.optimizer.param_groups))]
    step = 0

    def log() -> None:
        nonlocal step
        for name, group in zip(names, loop.optimizer.param_groups):
            writer.add_scalar(name, group["lr"], step)
        step += 1

    return _logging(loop, log), writer.close


def _wandb(loop: Loop, directory: str) -> tuple[Way, Any]:
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off")
    import wandb

    Path(directory).mkdir()
    run = wandb.init(mode="offline", dir=directory, project="benchmark")
    names = [f"lr/{index}" for index in range(len(loop.optimizer.param_groups))]

    def log() -> None:
        groups = loop.optimizer.param_groups
        run.log({name: group["lr"] for name, group in zip(names, groups)})

    return _logging(loop, log), run.finish


def _logging(loop: Loop, log: Any) -> Way:
    from benchmarks.paired import Way

    def on() -> None:
        loop.log = log

    def off() -> None:
        loop.log = None

    return Way(on, off)
