"""Export: a run as a table for other tools, one line per group and step."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any, TextIO

from lrscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lrscope.recording.run import Run

COLUMNS = (
    "segment",
    "rank",
    "pid",
    "optimizer",
    "group",
    "call",
    "step",
    "time",
    "updated",
    "lr",
)
"""Columns of every form. ``call`` counts calls of ``optimizer.step()``; ``step``
counts updates and is empty for a call that updated nothing; ``time`` is in seconds
since 1970; ``lr`` is the rate that was applied, or would have been."""


def columns_of(run: Run) -> Iterator[dict[str, Any]]:
    """Yield one dictionary of columns per track, arrays where they vary."""
    for process in run.processes:
        for track in process.tracks:
            attempted = track.attempted
            updates = attempted.updated.cumsum() - 1
            skipped_before = (
                track.steps[0] - updates[attempted.updated][0] if len(track) else 0
            )
            yield {
                "segment": process.segment,
                "rank": process.rank,
                "pid": process.pid,
                "optimizer": track.optimizer.name,
                "group": track.group.name,
                "call": attempted.steps,
                "step": updates + skipped_before,
                "time": attempted.times,
                "updated": attempted.updated,
                "lr": attempted.lr,
            }


def records_of(run: Run) -> Iterator[dict[str, Any]]:
    """Yield one dictionary per group and call, values as plain Python."""
    for columns in columns_of(run):
        fixed = {key: columns[key] for key in COLUMNS[:5]}
        varying = (columns[key].tolist() for key in COLUMNS[5:])
        for call, step, time, updated, lr in zip(*varying, strict=True):
            yield {
                **fixed,
                "call": call,
                "step": step if updated else None,
                "time": time,
                "updated": updated,
                "lr": lr,
            }


def to_csv(run: Run, file: TextIO) -> None:
    """Write CSV with a header; rates in the shortest form that reads back exactly."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records_of(run))


def to_jsonl(run: Run, file: TextIO) -> None:
    """Write one JSON object per line; NaN and infinities as null."""
    for record in records_of(run):
        if not math.isfinite(record["lr"]):
            record["lr"] = None
        file.write(json.dumps(record, separators=(",", ":")) + "\n")


def to_parquet(run: Run, path: Path) -> None:
    """Write Parquet, group by group.

    Raises:
        UsageError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        msg = "--to parquet needs pyarrow, which is not installed; "
        msg += "try: pip install 'lrscope[parquet]', or --to csv"
        raise UsageError(msg) from error
    kinds = [pa.int64(), pa.int64(), pa.int64(), pa.string(), pa.string()]
    kinds += [pa.int64(), pa.int64(), pa.float64(), pa.bool_(), pa.float64()]
    schema = pa.schema(list(zip(COLUMNS, kinds, strict=True)))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for columns in columns_of(run):
            count = len(columns["lr"])
            arrays = [
                pa.array([columns[key]] * count, kind)
                for key, kind in zip(COLUMNS[:5], kinds[:5], strict=True)
            ]
            steps = _masked(pa, columns["step"], columns["updated"])
            arrays += [pa.array(columns["call"]), steps]
            arrays += [pa.array(columns[key]) for key in COLUMNS[7:]]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _masked(pa: Any, steps: NDArray[np.int64], updated: NDArray[np.bool_]) -> Any:
    return pa.array(steps, pa.int64(), mask=~updated)
