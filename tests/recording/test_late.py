"""Values that came from a device after their row was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lrscope
from lrscope.recording import rows

from .building import begin, introduce, steps

if TYPE_CHECKING:
    from pathlib import Path

NAN = float("nan")


def test_late_values_go_to_their_group_whatever_column_it_has(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    introduce(writer, 0, "SGD", 2)
    there = steps(writer, 0, [[0, "lr"], [1, "lr"]])
    swapped = steps(writer, 0, [[1, "lr"], [0, "lr"]])
    flags = rows.UPDATED | rows.LATE
    empty = writer.signature([])
    writer.put(there, empty, flags, [NAN, NAN])
    writer.put(swapped, empty, flags, [NAN, NAN])
    writer.put(there, empty, flags, [NAN, 0.6])
    for columns, told in (
        ([0, 1], [(0, 0.1, 0.2), (1, 0.4, 0.3)]),
        ([0], [(2, 0.5)]),
    ):
        arrived = writer.layout(
            {"holds": "arrived", "columns": ["row", *columns]}, 1 + len(columns)
        )
        for values in told:
            writer.put(arrived, empty, 0, list(map(float, values)))
    writer.close()
    first, second = lrscope.read_run(tmp_path).main.tracks
    assert first.applied.tolist() == [0.1, 0.3, 0.5]
    assert second.applied.tolist() == [0.2, 0.4, 0.6]


def test_whether_a_step_updated_may_come_late(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    introduce(writer, 0, "SGD", 1)
    layout = steps(writer, 0, [[0, "lr"]])
    empty = writer.signature([])
    for rate in (0.1, 0.2, 0.3):
        writer.put(layout, empty, rows.UPDATED | rows.UNDECIDED, [rate])
    arrived = writer.layout({"holds": "arrived", "columns": ["row", "overflow"]}, 2)
    for row in range(3):
        writer.put(arrived, empty, 0, [float(row), float(row == 1)])
    writer.close()
    (track,) = lrscope.read_run(tmp_path).main.tracks
    assert track.applied.tolist() == [0.1, 0.3]
    assert track.attempted.updated.tolist() == [True, False, True]


def test_values_for_rows_that_are_none_are_passed_over(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    introduce(writer, 0, "SGD", 1)
    layout = steps(writer, 0, [[0, "lr"]])
    empty = writer.signature([])
    for rate in (0.1, NAN, 0.3):
        writer.put(layout, empty, rows.UPDATED, [rate])
    for column in (0, "overflow"):
        arrived = writer.layout({"holds": "arrived", "columns": ["row", column]}, 2)
        for row in (-1.0, NAN, float("inf"), -1e18, 2.0**60, 1e6, 0.5, 1.0):
            value = 0.0 if column == "overflow" and row == 1 else 0.2
            writer.put(arrived, empty, 0, [row, value])
    writer.close()
    (track,) = lrscope.read_run(tmp_path).main.tracks
    assert track.applied.tolist() == [0.1, 0.2, 0.3]
