"""Whatever is written in whatever order is read back, while it runs and afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrscope
from lrscope.errors import LrscopeError
from lrscope.recording import rows
from lrscope.recording.contents import read_contents
from lrscope.recording.rowset import Rowset
from lrscope.recording.writer import Writer

from .building import begin, bits, steps

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("layout"), st.integers(0, 40)),
        st.tuples(st.just("item"), st.text(max_size=5)),
        st.tuples(st.just("signature"), st.lists(st.integers(0, 5), max_size=20)),
        st.tuples(st.just("event"), st.text(max_size=5)),
        st.tuples(st.just("void"), st.integers(1, 3)),
        st.tuples(
            st.just("rows"),
            st.integers(1, 250),
            st.lists(st.integers(0, 9), min_size=1, max_size=4),  # layouts in turn
            st.integers(0, 2**32 - 1),  # seed
        ),
        st.tuples(st.just("row"), st.integers(0, 9), st.floats(), st.integers(0, 63)),
    ),
    max_size=15,
)


class Told:
    """Writes, and remembers what should be read back."""

    def __init__(self, run: Path) -> None:
        self.writer = begin(run)
        self.path = Path(self.writer.path + ".lrs")
        self.layouts: list[Any] = []
        self._layout(3)
        self.items: list[dict[str, Any]] = []
        self.signatures: dict[int, list[int]] = {}
        self.events: list[dict[str, Any]] = []
        self.rows: list[tuple[int, int, int, list[int]]] = []
        self.times: list[tuple[float, float]] = []
        self._signature([])

    def do(self, what: str, *details: Any) -> None:
        getattr(self, "_" + what)(*details)

    def _layout(self, width: int) -> None:
        self.layouts.append(steps(self.writer, 0, [[k, "lr"] for k in range(width)]))

    def _item(self, text: str) -> None:
        self.items.append({"item": self.writer.item({"text": text}), "text": text})

    def _signature(self, items: list[int]) -> None:
        self.signature = self.writer.signature(items)
        assert self.signatures.setdefault(self.signature, items) == items

    def _event(self, text: str) -> None:
        event = {"event": "x", "text": text, "row": self.writer.next_row}
        self.writer.event(event)
        self.events.append(event)

    def _void(self, times: int) -> None:
        for _ in range(times):
            with pytest.raises(Exception, match=r"float|type|argument"):
                self.writer.put(self.layouts[0], 0, 0, ["no number"] * 3)

    def _rows(self, count: int, turns: list[int], seed: int) -> None:
        random = np.random.default_rng(seed)
        for n in range(count):
            layout = self.layouts[turns[n % len(turns)] % len(self.layouts)]
            self._put(
                layout, (seed >> n % 7) % 64, random.normal(size=layout.width).tolist()
            )

    def _row(self, number: int, value: float, flags: int) -> None:
        layout = self.layouts[number % len(self.layouts)]
        self._put(layout, flags, [value, -0.0, np.inf, value * 3][: layout.width]
                  + [value] * max(0, layout.width - 4))  # fmt: skip

    def _put(self, layout: Any, flags: int, values: list[float]) -> None:
        before = time.time()
        self.writer.put(layout, self.signature, flags, values)
        self.times.append((before, time.time()))
        self.rows.append((layout.number, self.signature, flags, bits(values)))

    def is_read_back(self) -> None:
        contents = read_contents(self.path)
        assert contents.problem is None
        assert [contents.items[k] for k in sorted(contents.items)] == self.items
        assert contents.events == self.events
        runs = {k: contents.signatures[k] for k in self.signatures}
        spread = {k: [i for i, n in v for _ in range(n)] for k, v in runs.items()}
        assert spread == self.signatures
        found = Rowset(contents)
        order = np.concatenate(
            [[], *(each.order() for each in contents.chunks)]
        ).astype(int)
        kept = np.flatnonzero(order != rows.VOID)
        values: dict[int, list[int]] = {int(row): [] for row in kept}
        for layout in self.layouts:
            for column in range(layout.width):
                where, numbers = found.column({layout.number: column})
                for row, number in zip(where.tolist(), bits(numbers)):
                    values[row].append(number)
        read = [
            (int(order[k]), int(found.signatures[k]), int(found.flags[k]), values[k])
            for k in kept.tolist()
        ]
        assert read == self.rows
        for (before, after), at in zip(self.times, found.times[kept].tolist()):
            assert before - 0.0101 <= at <= after + 0.0101


@given(OPERATIONS)
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_calls_is_read_back_live_and_when_closed(
    operations: list,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        told = Told(Path(folder, "run"))
        for each in operations:
            told.do(*each)
        told.is_read_back()
        told.writer.close()
        told.is_read_back()
        assert not told.path.with_suffix(".tail").exists()


def test_many_seals_and_wider_rows_lose_nothing(tmp_path: Path) -> None:
    told = Told(tmp_path / "run")
    for width in (0, 9, 30, 70, 5):
        told.do("layout", width)
        told.do("rows", 700, [0, len(told.layouts) - 1, 1], width)
        told.do("void", 3)
        told.is_read_back()
    told.writer.close()
    told.is_read_back()


def test_a_reader_waits_for_a_frame_that_is_being_written(tmp_path: Path) -> None:
    told = Told(tmp_path / "run")
    told.do("layout", 3)
    told.do("rows", 10, [0, 1], 3)  # so few that nothing is sealed meanwhile
    whole = told.path.read_bytes()
    told.path.write_bytes(whole[:-5])

    def write_the_rest() -> None:
        with told.path.open("ab") as file:
            file.write(whole[-5:])

    rest = threading.Timer(0.1, write_the_rest)
    rest.start()
    told.is_read_back()
    rest.join()


def test_a_reader_does_not_wait_for_what_was_cut_long_ago(tmp_path: Path) -> None:
    told = Told(tmp_path / "run")
    told.do("layout", 3)
    told.path.write_bytes(told.path.read_bytes()[:-5])
    os.utime(told.path, (0, 0))
    problem = read_contents(told.path).problem
    assert problem is not None
    assert "inside a frame" in problem


def test_a_run_read_at_every_moment_holds_every_row_so_far(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    layout = steps(writer, 0, [[0, "lr"]])
    path = Path(writer.path + ".lrs")
    for n in range(600):
        writer.put(layout, writer.signature([]), 1, [n * 0.1])
        contents = read_contents(path)
        assert contents.problem is None
        assert Rowset(contents).count == n + 1
    writer.close()


def test_a_reader_beside_a_writer_sees_a_prefix_at_any_time(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    layout = steps(writer, 0, [[0, "lr"], [1, "lr"]])
    path = Path(writer.path + ".lrs")
    done = threading.Event()

    def write() -> None:
        try:
            for n in range(30_000):
                writer.put(layout, writer.signature([]), 1, [n, -n])
        finally:
            done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = []
    try:
        while not done.is_set():
            before = writer.next_row
            contents = read_contents(path)
            values = Rowset(contents).column({layout.number: 1})[1]
            assert (values == -np.arange(values.size)).all()
            if contents.problem is None:
                assert values.size >= before
            seen.append(values.size)
    finally:
        thread.join()
    assert len(set(seen)) > 1
    writer.close()
    assert Rowset(read_contents(path)).count == 30_000


def _in_threads(*tasks: Any) -> None:
    """Run functions at the same time, switching between them all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=each) for each in tasks]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    finally:
        sys.setswitchinterval(before)


def test_rows_of_many_threads_all_come_back(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    layout = steps(writer, 0, [[0, "lr"]])
    numbers: list[int] = []

    def write(start: int) -> None:
        own = [
            writer.put(layout, writer.signature([]), 1, [start + n])
            for n in range(3000)
        ]
        numbers.extend(own)

    _in_threads(*(partial(write, k * 3000) for k in range(4)))
    assert sorted(numbers) == list(range(12_000))
    writer.close()
    contents = read_contents(Path(writer.path + ".lrs"))
    assert contents.problem is None
    values = Rowset(contents).column({layout.number: 0})[1]
    assert sorted(values.tolist()) == list(range(12_000))


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_get_wider_in_one_thread_lose_none_of_another(
    tmp_path: Path, seed: int
) -> None:
    writer = begin(tmp_path)
    layout = steps(writer, 0, [[0, "lr"]])

    def write() -> None:
        for n in range(4000):
            writer.put(layout, writer.signature([]), 1, [float(n)])

    def widen() -> None:
        for width in range(2 + seed, 60, 3):
            wide = steps(writer, 1, [[k, "lr"] for k in range(width)])
            writer.put(wide, writer.signature([]), 1, [float(width)] * width)

    _in_threads(write, widen)
    writer.close()
    contents = read_contents(Path(writer.path + ".lrs"))
    assert contents.problem is None
    values = Rowset(contents).column({layout.number: 0})[1]
    assert values.tolist() == [float(n) for n in range(4000)]


WITHOUT_NUMPY = """
import os, sys
sys.modules["numpy"] = None
from lrscope.recording.writer import Writer
head = {"rank": None, "world_size": None, "pid": 7, "segment": 0, "command": [], "started": 1.0}
writer = Writer(sys.argv[1], head, half=10752)
def kind_of(width):
    columns = [[k, "lr"] for k in range(width)]
    return writer.layout({"holds": "step", "optimizer": 0, "columns": columns}, width)
kinds = [kind_of(1), kind_of(3)]
for n in range(1000):
    if n == 500:
        kinds.append(kind_of(20))
    kind = kinds[n % len(kinds)]
    writer.put(kind, writer.signature([]), n % 64, [n / 7 + k for k in range(kind.width)])
if sys.argv[2] == "killed":
    os._exit(9)
writer.close()
"""


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_rows_come_back_when_the_child_has_no_numpy(tmp_path: Path, end: str) -> None:
    begin(tmp_path / "other").abandon()
    path = tmp_path / "segment000-pid7"
    subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY, path, end], check=end == "closed"
    )
    contents = read_contents(path.with_suffix(".lrs"))
    found = Rowset(contents)
    assert contents.problem is None
    assert contents.live == (end == "killed")
    assert found.flags.tolist() == [n % 64 for n in range(1000)]
    for number, width in ((1, 1), (2, 3), (3, 20)):
        for column in range(width):
            where, values = found.column({number: column})
            assert bits(values) == bits(where / 7 + column)


def test_a_writer_never_touches_an_existing_recording(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    steps(writer, 0, [[0, "lr"]])
    writer.close()
    before = Path(writer.path + ".lrs").read_bytes()
    with pytest.raises(FileExistsError):
        Writer(writer.path, {})
    assert Path(writer.path + ".lrs").read_bytes() == before
    assert not Path(writer.path + ".tail").exists()


def test_a_recording_without_a_row_is_read_as_one(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    for finish in (lambda: None, writer.close):
        finish()
        process = lrscope.read_run(tmp_path).main
        assert (process.tracks, process.ratio().updates, list(process.events)) == (
            (),
            0,
            [],
        )
        with pytest.raises(LrscopeError, match="there is no track"):
            lrscope.read_run(tmp_path).track("adam/all")


@pytest.mark.parametrize("wider", range(2, 12))
def test_rows_that_are_narrower_than_their_slots_are_read_while_they_are_written(
    tmp_path, wider
):
    writer = begin(tmp_path)
    empty = writer.signature([])
    narrow = steps(writer, 0, [[0, "lr"]])
    for index in range(20):
        writer.put(narrow, empty, rows.UPDATED, [float(index)])
    wide = steps(writer, 1, [[k, "lr"] for k in range(wider)])
    for index in range(20, 40):
        writer.put(narrow, empty, rows.UPDATED, [float(index)])
        writer.put(wide, empty, rows.UPDATED, [0.5] * wider)
    found = read_contents(Path(writer.path + ".lrs"))
    told = Rowset(found).column({narrow.number: 0})[1]
    writer.abandon()
    assert told.tolist() == [float(index) for index in range(40)]
