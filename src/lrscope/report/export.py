"""Export: a run as a table for other tools, one line per group and step."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from lrscope.errors import UsageError
from lrscope.recording.values import LOSS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lrscope.recording.run import Run
    from lrscope.recording.track import Track

COLUMNS = (
    "segment",
    "rank",
    "pid",
    "optimizer",
    "group",
    "call",
    "step",
    "update",
    "time",
    "updated",
    "lr",
    "effective",
    "update_to_weight",
    "loss",
)
"""Columns of every form. ``call`` counts calls of ``optimizer.step()``; ``step``
counts updates and is empty for a call that updated nothing; ``update`` does so over
the whole training, empty where a state was loaded that counts none; ``time`` is in
seconds since 1970; ``lr`` is the rate that was applied, or would have been.
``effective`` and ``update_to_weight`` are empty where nothing was measured, ``loss``
where none was recorded or nothing was updated; of sharded parameters they are what
this rank holds."""

FIXED = 5
"""Columns that do not vary over a track."""


def names_of(run: Run) -> tuple[str, ...]:
    """Return `COLUMNS` and those that only this run has.

    ``logged.NAME`` is what the program gave to `lrscope.log` after an update and before
    the next, the last of it; ``internal.NAME`` a number that the optimizer keeps beside
    its rate, where it was measured.
    """
    tracks = (track for process in run.processes for track in process.tracks)
    own = dict.fromkeys(name for track in tracks for name in _beside(track))
    return (*COLUMNS, *own)


def columns_of(run: Run) -> Iterator[dict[str, Any]]:
    """Yield one dictionary of columns per track; where they vary, masked arrays."""
    own = names_of(run)[len(COLUMNS) :]
    for process in run.processes:
        for track in process.tracks:
            attempted = track.attempted
            step = np.ma.array(np.zeros(len(attempted.lr), np.int64), mask=True)
            step[attempted.updated] = track.steps
            behind = track.updates_before
            total = np.ma.array(step, mask=behind is None) + (behind or 0)
            yield {
                "segment": process.segment,
                "rank": process.rank,
                "pid": process.pid,
                "optimizer": track.optimizer.name,
                "group": track.group.name,
                "call": attempted.steps,
                "step": step,
                "update": total,
                "time": attempted.times,
                "updated": attempted.updated,
                "lr": attempted.lr,
                **_measured(track),
                **_named(track, own),
            }


def _measured(track: Track) -> dict[str, Any]:
    """Return what is known of some calls only, masked where it is not."""
    updated = track.attempted.updated
    calls = np.flatnonzero(updated)
    found = {
        name: np.ma.array(np.zeros(updated.size), mask=True)
        for name in ("effective", "update_to_weight", "loss")
    }
    measured = track.measured
    if measured is not None:
        at = calls[np.searchsorted(track.steps, measured.steps)]
        found["effective"][at] = measured.effective + 0.0  # never -0.0
        found["update_to_weight"][at] = measured.update_to_weight
    if LOSS in track.process.values:
        found["loss"][calls] = track.loss
    return found


def _beside(track: Track) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return by name numbers beside the rates, with the updates they belong to."""
    logged = [track.logged(name) for name in track.process.values if name != LOSS]
    return {
        **{f"logged.{each.name}": (each.steps - 1, each.values) for each in logged},
        **{f"internal.{name}": each for name, each in track.internals.items()},
    }


def _named(track: Track, names: tuple[str, ...]) -> dict[str, Any]:
    """Return columns of these names, masked where there is nothing."""
    updated = track.attempted.updated
    calls = np.flatnonzero(updated)
    found = {name: np.ma.array(np.zeros(updated.size), mask=True) for name in names}
    for name, (steps, values) in _beside(track).items():
        at = np.searchsorted(track.steps, steps)
        own = (steps >= 0) & (at < calls.size)
        own[own] = track.steps[at[own]] == steps[own]
        found[name][calls[at[own]]] = values[own]
    return found


def records_of(run: Run) -> Iterator[dict[str, Any]]:
    """Yield one dictionary per group and call, values as plain Python."""
    for columns in columns_of(run):
        fixed = [columns[key] for key in COLUMNS[:FIXED]]
        varying = [columns[key].tolist() for key in list(columns)[FIXED:]]
        for each in zip(*varying, strict=True):
            yield dict(zip(columns, (*fixed, *each), strict=True))


def to_csv(run: Run, file: TextIO) -> None:
    """Write CSV with a header; rates in the shortest form that reads back exactly."""
    writer = csv.DictWriter(file, names_of(run), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records_of(run))


def to_jsonl(run: Run, file: TextIO) -> None:
    """Write one JSON object per line; NaN and infinities as null."""
    for record in records_of(run):
        for key, value in record.items():
            if isinstance(value, float) and not math.isfinite(value):
                record[key] = None
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
    names = names_of(run)
    kinds = [pa.int64(), pa.int64(), pa.int64(), pa.string(), pa.string()]
    kinds += [*[pa.int64()] * 3, pa.float64(), pa.bool_()]
    kinds += [pa.float64()] * (len(names) - len(kinds))
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for columns in columns_of(run):
            count = len(columns["lr"])
            arrays = [
                pa.array([columns[key]] * count, kind)
                for key, kind in zip(COLUMNS[:FIXED], kinds, strict=False)
            ]
            arrays += [
                pa.array(np.ma.getdata(found), mask=np.ma.getmaskarray(found))
                for found in (columns[key] for key in names[FIXED:])
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
