"""Auditing: a long run of one process, and a short one of very many ranks.

The recordings are written by the real writer; those of the ranks beside the first are
copies of its frames with a header of their own.
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.fresh import fresh
from benchmarks.result import Result, spread
from benchmarks.writing import PASS, _head, _now
from lrscope.recording import log, opening, rows
from lrscope.recording.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP_STEPS = 10_000_000
SHAPES = (1, 8)
"""Groups over which they are spread."""
RANKS = 1024
RANK_STEPS = 100_000
SECONDS, MEGABYTES = 2.0, 500.0
RANKS_SECONDS = 30.0


def measure(quick: bool = False) -> list[Result]:  # noqa: FBT001, FBT002
    """Audit in processes of their own; the files are in the page cache."""
    scale = 20 if quick else 1
    results = []
    for groups in SHAPES:
        steps = GROUP_STEPS // groups // scale
        results += _long(steps, groups, times=2 if quick else 5)
    ranks, steps = RANKS // (scale * 4 if quick else 1), RANK_STEPS // scale
    with tempfile.TemporaryDirectory() as directory:
        run = f"{directory}/run"
        fresh(write, run, steps, 1, ranks)
        found = fresh(child, run)
    what = f"audit {ranks:,} ranks of {steps:,} steps"
    results.append(_within(what, RANKS_SECONDS, [found["seconds"]], 1, "s"))
    results.append(Result(what="— its memory", measured=f"{found['megabytes']:.0f} MB"))
    return results


def _long(steps: int, groups: int, times: int) -> list[Result]:
    with tempfile.TemporaryDirectory() as directory:
        run = f"{directory}/run"
        fresh(write, run, steps, groups, 0)
        found = [fresh(child, run) for _ in range(times)]
    what = f"audit {steps * groups:,} group-steps, {groups} groups"
    seconds = [each["seconds"] for each in found]
    megabytes = [each["megabytes"] for each in found]
    return [
        _within(what, SECONDS, seconds, 2, "s"),
        _within(f"{what}: memory of the process", MEGABYTES, megabytes, 0, "MB"),
    ]


def _within(
    what: str, limit: float, values: list[float], places: int, unit: str
) -> Result:
    met = statistics.median(values) <= limit
    measured = spread(values, places, unit)
    return Result(what=what, must=f"≤ {limit:g} {unit}", measured=measured, met=met)


def child(directory: str) -> dict[str, float]:
    """Return seconds and megabytes of a whole audit; loading Python is not in them."""
    start = time.perf_counter()
    import lrscope

    audit = lrscope.audit_run(lrscope.read_run(directory))
    seconds = time.perf_counter() - start
    if audit.findings:
        raise AssertionError(audit.findings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "megabytes": peak}


def write(directory: str, steps: int, groups: int, ranks: int) -> None:
    """Write a run of one process, or of many ranks if ``ranks`` is above 0.

    One process has a cosine that is stepped after each update; ranks have one that is
    stepped after each pass, so that their rates take no room.
    """
    run = Path(directory)
    run.mkdir()
    segment = opening.begin_segment(run, ["python", "train.py"])
    head = _head(segment.number) | {"pid": 1, "started": segment.started}
    if ranks:
        head |= {"rank": 0, "local_rank": 0, "world_size": ranks}
    name = "segment000-rank0-pid1" if ranks else "segment000-pid1"
    writer = Writer(str(run / name), head)
    _fill(writer, steps, groups, per_pass=ranks > 0)
    writer.event({"event": "process_ended", **_now(writer), "exception": None})
    writer.close()
    first = run / f"{name}.lrs"
    for rank in range(1, ranks):
        _copy(first, run / f"segment000-rank{rank}-pid{rank + 1}.lrs", rank)
    opening.end_segment(segment, 0)


def _copy(first: Path, path: Path, rank: int) -> None:
    frames, problem = log.read_frames(first.read_bytes(), first.name)
    if problem:
        raise AssertionError(problem)
    copy = log.LogWriter(str(path))
    for kind, payload in frames:
        if kind == log.HEAD:
            own = {"rank": rank, "local_rank": rank % 8, "pid": rank + 1}
            payload = json.dumps(json.loads(payload) | own).encode()  # noqa: PLW2901
        copy.append(kind, payload)
    copy.close()


def _fill(writer: Writer, steps: int, groups: int, *, per_pass: bool) -> None:
    length = steps // PASS if per_pass else steps
    rates = [0.5 * (1 + math.cos(math.pi * k / length)) for k in range(length)]
    peaks = [1e-3 * 0.8**index for index in range(groups)]
    where = ["train.py", 10]
    writer.event(
        {
            "event": "optimizer_constructed", **_now(writer), "optimizer": 0,
            "class_name": "AdamW", "module": "torch.optim.adamw",
            "how": "constructed", "where": where,
            "groups": [
                {"group": k, "name": f"group{k}", "lr": lr, "tensors": 1,
                 "elements": 1, "parameters": [], "settings": {}}
                for k, lr in enumerate(peaks)
            ],
        }
    )  # fmt: skip
    writer.event(
        {
            "event": "scheduler_constructed", **_now(writer), "scheduler": 0,
            "class_name": "CosineAnnealingLR", "module": "torch.optim.lr_scheduler",
            "how": "constructed", "optimizer": 0, "where": where, "children": [],
            "arguments": {"T_max": length, "eta_min": 0.0, "last_epoch": -1},
            "attributes": {"last_epoch": 0, "base_lrs": peaks}, "rates": peaks,
        }
    )  # fmt: skip
    code = _codes(writer, groups, per_pass=per_pass)
    values: list[float] = []
    for step in range(steps):
        if step % PASS == 0 or not per_pass:
            rate = rates[step // PASS if per_pass else step]
            values = [rate * peak for peak in peaks]
        writer.store(code(step), values)
    layout = writer.layout({"holds": "nothing"}, 0)
    stepped, _, ended = _items(writer)
    last = (ended, stepped) if per_pass else (stepped, ended)
    writer.put(layout, writer.signature(last), 0, [])


def _items(writer: Writer) -> tuple[int, int, int]:
    where = ["train.py", 12]
    stepped = {"happened": "scheduler_stepped", "scheduler": 0, "depth": 0}
    return (
        writer.item({**stepped, "where": where}),
        writer.item({"happened": "backward"}),
        writer.item({"happened": "pass_ended", "loader": 0}),
    )


def _codes(writer: Writer, groups: int, *, per_pass: bool) -> Callable[[int], float]:
    """Return what tells the code of a step's row."""
    stepped, backward, ended = _items(writer)
    data: dict[str, Any] = {"loader": 0, "length": PASS, "batch_size": 32}
    began = writer.item({"happened": "pass_began", **data, "where": ["train.py", 11]})
    columns = [[index, "lr"] for index in range(groups)]
    holds = {"holds": "step", "optimizer": 0, "columns": columns}
    layout = writer.layout(holds, groups)

    def made(*items: int) -> float:
        return rows.code_of(layout.number, writer.signature(items), rows.UPDATED)

    first = made(began, backward)
    if per_pass:
        usual, fresh_pass = made(backward), made(ended, stepped, began, backward)
    else:
        usual = made(stepped, backward)
        fresh_pass = made(stepped, ended, began, backward)

    def code(step: int) -> float:
        if step % PASS:
            return usual
        return fresh_pass if step else first

    return code
