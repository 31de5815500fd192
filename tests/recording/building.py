"""Small recordings made with the real writer, and everything a reader can be asked."""

from __future__ import annotations

import contextlib
import json
import os
import resource
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import lrscope
from lrscope.recording import events, opening, rows, told
from lrscope.recording.writer import Writer
from lrscope.report.page import as_json, page_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALLEST = 64 * 88
"""Bytes in a half of the tail: 64 rows of 3 values."""

COMMAND = ["python", "train.py"]


def bits(values: Any) -> list[int]:
    """Return the bit patterns of floats, so that NaN and -0.0 compare as they are."""
    return np.ascontiguousarray(values, np.float64).view(np.int64).tolist()


def begin(run: Path, *, half: int = SMALLEST, **head: Any) -> Writer:
    """Begin a segment in ``run`` and the recording of a process in it."""
    run.mkdir(exist_ok=True)
    segment = opening.begin_segment(run, COMMAND)
    described = {
        "rank": None,
        "world_size": None,
        "pid": os.getpid(),
        "segment": segment.number,
        "command": COMMAND,
        "started": segment.started,
        **head,
    }
    name = f"segment{segment.number:03d}-pid{described['pid']}"
    return Writer(str(run / name), described, half=half)


def introduce(writer: Writer, number: int, class_name: str, groups: int) -> None:
    """Write down that an optimizer was made."""
    described = [
        {"group": k, "name": f"g{k}", "tensors": 1, "elements": 10 + k, "lr": 0.1,
         "settings": {"momentum": [0.9]}}
        for k in range(groups)
    ]  # fmt: skip
    tell(
        writer, "optimizer_constructed", optimizer=number, class_name=class_name,
        module="torch.optim", how="constructed", groups=described, where=["a.py", 3],
    )  # fmt: skip


def tell(writer: Writer, event: str, **details: Any) -> None:
    """Write a rare event that happens now."""
    writer.event(
        {"event": event, "row": writer.next_row, "after": 0, "time": 1.5, **details}
    )


def steps(writer: Writer, number: int, columns: list[list[Any]]) -> Any:
    """Announce the rows of an optimizer's steps."""
    described = {"holds": "step", "optimizer": number, "columns": columns}
    return writer.layout(described, len(columns))


def train(writer: Writer, count: int) -> None:
    """Write what a training of two optimizers and a scheduler would leave behind.

    The first optimizer goes from one layout to another and back, as one does whose
    momentum begins to move; new items and events keep coming.
    """
    steps(writer, 2, [[0, "a"], [0, "b"], [0, "c"]])  # as wide as rows will be
    introduce(writer, 0, "SGD", 2)
    introduce(writer, 1, "AdamW", 1)
    constructed = {
        "scheduler": 0, "class_name": "StepLR", "module": "torch.optim.lr_scheduler",
        "how": "constructed", "optimizer": 0, "arguments": {"step_size": 3, "gamma": 0.9},
        "attributes": {}, "children": [], "rates": [0.1, 0.2], "where": ["a.py", 5],
    }  # fmt: skip
    tell(writer, "scheduler_constructed", **constructed)
    backward = writer.item({"happened": "backward"})
    began = {"happened": "pass_began", "loader": 0, "length": 10, "batch_size": 4}
    passes = [writer.item({**began, "where": ["a.py", 8]})]
    passes.append(writer.item({"happened": "pass_ended", "loader": 0}))
    stepped = {"happened": "scheduler_stepped", "scheduler": 0, "depth": 0}
    stepped = writer.item({**stepped, "where": ["a.py", 9]})
    narrow = steps(writer, 0, [[0, "lr"], [1, "lr"]])
    other = steps(writer, 1, [[0, "lr"]])
    argument = writer.layout({"holds": "argument", "scheduler": 0}, 1)
    wide = None
    for n in range(count):
        lr = 0.1 * 0.9 ** (n // 3)
        happened = [backward, backward] if n % 5 else [backward]
        happened += [passes[0]] if n % 10 == 0 else [passes[1]] if n % 10 == 9 else []
        if n == count // 2:
            wide = steps(writer, 0, [[0, "lr"], [1, "lr"], [1, "momentum"]])
            hand = {"happened": "rate_written", "optimizer": 0, "where": [["b.py", 2]]}
            happened.append(writer.item(hand))
            tell(
                writer,
                "groups_changed",
                optimizer=0,
                order=[0, 1],
                groups=[],
                where=None,
            )
        flags = rows.OVERFLOW | rows.SCALED if n % 7 == 6 else rows.UPDATED
        signature = writer.signature(happened)
        if wide is not None and n % 3 == 0:
            writer.put(wide, signature, flags, [lr, 2 * lr, n / 7])
        else:
            writer.put(narrow, signature, flags, [lr, 2 * lr])
        if n % 4 == 0:
            writer.put(
                other, writer.signature([]), rows.UPDATED, [lr if n % 8 else -lr]
            )
        if n % 6 == 5:
            writer.put(argument, writer.signature([stepped]), 0, [float(n)])


def full_use(run: Path) -> dict[str, Any]:
    """Read a run and ask it for everything it can tell."""
    found = lrscope.read_run(run)
    process = found.main
    happened = [replace(each, time=0.0) for each in process.events]
    rare = tuple(told.RARE.values())
    tracks = {}
    for each in process.tracks:
        tried = each.attempted
        tracks[each.name] = {
            "attempted": list(
                zip(tried.steps.tolist(), bits(tried.lr), tried.updated.tolist())
            ),
            "applied": list(zip(each.steps.tolist(), bits(each.applied))),
            "times": each.times.tolist(),
            "changed_by": each.changed_by,
            "momentum": bits(each.setting("momentum")),
        }
    page = as_json(page_of(found))
    json.dumps(page, allow_nan=False)
    return {
        "tracks": tracks,
        "rare": [repr(each) for each in happened if isinstance(each, rare)],
        "frequent": [repr(each) for each in happened if not isinstance(each, rare)],
        "ratio": process.ratio(),
        "counted": _counted(happened),
        "passes": process.passes,
        "page": page["rows"],
        "problem": process.problem,
        "ended": process.ended,
    }


def _counted(happened: list[events.Event]) -> dict[str, int]:
    own = Counter(type(each).__name__ for each in happened)
    taken = [each for each in happened if isinstance(each, events.OptimizerStepped)]
    return {
        "updates": sum(each.updated for each in taken),
        "scheduler_steps": own["SchedulerStepped"],
        "backward_calls": own["Backward"],
        "skipped": sum(not each.updated for each in taken),
    }


@contextlib.contextmanager
def memory_limit(more: int = 1 << 30) -> Iterator[None]:
    """Let this process take at most ``more`` bytes above what it has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
