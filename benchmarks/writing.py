"""Writing: recordings made without a training, of rates by torch's schedulers.

The rows, items and the header are those that the recorder writes, put straight into
`lrscope.recording.writer.Writer`.
"""

from __future__ import annotations

import os
import platform
import time
import warnings
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrscope.recording import opening, rows
from lrscope.recording.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASS = 1000
"""Steps of a pass over the data."""

PER_STEP = ("cosine", "exponential", "one-cycle")
PER_PASS = tuple(f"{each}, per pass" for each in PER_STEP)


class TimedWriter(Writer):
    """Adds up the time that its threads spend on sealing."""

    sealing = 0.0

    def _seal(self, half: int, first: int, slots: int) -> None:
        start = time.thread_time()
        super()._seal(half, first, slots)
        self.sealing += time.thread_time() - start


def write(directory: str, schedule: str, steps: int, groups: int) -> dict[str, float]:
    """Write a run of ``steps`` rows.

    Returns:
        bytes of the run's directory, seconds of the processor spent on sealing, and
        how many columns a row had.
    """
    run = Path(directory)
    run.mkdir()
    segment = opening.begin_segment(run, ["train.py"])
    name = f"segment{segment.number:03d}-pid{os.getpid()}"
    writer = TimedWriter(str(run / name), _head(segment.number))
    per_pass = schedule.endswith("per pass")
    columns, rates = _rates(
        schedule.partition(",")[0], steps, groups, per_pass=per_pass
    )
    _fill(writer, columns, rates, steps, per_pass=per_pass)
    writer.event({"event": "process_ended", **_now(writer), "exception": None})
    writer.close()
    opening.end_segment(segment, 0)
    size = sum(each.stat().st_size for each in run.rglob("*") if each.is_file())
    return {"bytes": size, "sealing": writer.sealing, "columns": len(columns)}


def _head(segment: int) -> dict[str, Any]:
    return {
        "lrscope": metadata.version("lrscope"),
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "numpy": metadata.version("numpy"),
        "platform": platform.platform(),
        "host": "benchmark",
        "command": ["python", "train.py"],
        "script": "train.py",
        "directory": "/tmp",
        "pid": os.getpid(),
        "parent": os.getppid(),
        "segment": segment,
        "started": time.time(),
        "rank": None,
        "local_rank": None,
        "world_size": None,
    }


def _now(writer: Writer) -> dict[str, Any]:
    return {"row": writer.next_row, "after": 0, "time": time.time()}


def _rates(
    schedule: str, steps: int, groups: int, *, per_pass: bool
) -> tuple[list[list[Any]], Iterator[list[float]]]:
    """Return columns, and the values of each step or pass as torch makes them."""
    import torch

    many = -(-steps // PASS) if per_pass else steps
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(groups)]
    highest = [1e-3 * 0.8**index for index in range(groups)]
    optimizer = torch.optim.AdamW(
        [{"params": [each], "lr": lr} for each, lr in zip(parameters, highest)]
    )
    schedulers = torch.optim.lr_scheduler
    made: dict[str, Callable[[], Any]] = {
        "cosine": lambda: schedulers.CosineAnnealingLR(optimizer, many),
        "exponential": lambda: schedulers.ExponentialLR(optimizer, 1e-3 ** (1 / many)),
        "one-cycle": lambda: schedulers.OneCycleLR(
            optimizer, highest, total_steps=many + 1
        ),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no optimizer step is taken here
        scheduler = made[schedule]()
    columns: list[list[Any]] = [[index, "lr"] for index in range(groups)]
    with_betas = schedule == "one-cycle"  # it moves the first beta as well
    if with_betas:
        columns += [[index, "betas[0]"] for index in range(groups)]

    def values() -> Iterator[list[float]]:
        found = optimizer.param_groups
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(many):
                lr = [group["lr"] for group in found]
                yield lr + [group["betas"][0] for group in found] if with_betas else lr
                scheduler.step()

    return columns, values()


def _fill(
    writer: Writer,
    columns: list[list[Any]],
    rates: Iterator[list[float]],
    steps: int,
    *,
    per_pass: bool,
) -> None:
    groups = len({group for group, _ in columns})
    where = ["train.py", 10]
    writer.event(
        {
            "event": "optimizer_constructed",
            **_now(writer),
            "optimizer": 0,
            "class_name": "AdamW",
            "module": "torch.optim.adamw",
            "how": "constructed",
            "groups": [
                {
                    "group": index, "name": f"group{index}", "lr": 1e-3, "tensors": 1,
                    "elements": 1, "parameters": [],
                    "settings": {"betas": [0.9, 0.999]},
                }
                for index in range(groups)
            ],
            "where": where,
        }
    )  # fmt: skip
    backward, stepped, began, ended = (
        writer.item(each)
        for each in (
            {"happened": "backward"},
            {"happened": "scheduler_stepped", "scheduler": 0, "depth": 0,
             "where": where},
            {"happened": "pass_began", "loader": 0, "length": PASS,
             "batch_size": 32, "where": where},
            {"happened": "pass_ended", "loader": 0},
        )
    )  # fmt: skip
    layout = writer.layout(
        {"holds": "step", "optimizer": 0, "columns": columns}, len(columns)
    )

    def code(*items: int) -> float:
        return rows.code_of(layout.number, writer.signature(items), rows.UPDATED)

    first = code(began, backward)
    if per_pass:
        usual, new_pass = code(backward), code(ended, stepped, began, backward)
    else:
        usual, new_pass = code(stepped, backward), code(stepped, ended, began, backward)
    values: list[float] = []
    for step in range(steps):
        at_start = step % PASS == 0
        if at_start or not per_pass:
            values = next(rates)
        writer.store((new_pass if step else first) if at_start else usual, values)
