"""A damaged recording is refused in words or read as an exact prefix of the truth."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lrscope
from lrscope.errors import RecordingError
from lrscope.recording import opening

from .building import SMALLEST, begin, full_use, steps, tell, train

FLIPS = 600
ROWS = 100


def _ended(run: Path) -> None:
    """Record a run that was closed: three chunks in the log, no tail."""
    writer = begin(run)
    train(writer, ROWS)
    tell(writer, "process_ended", exception=None)
    writer.close()


def _killed(run: Path) -> None:
    """Record a run whose rows are all in one half of the tail."""
    writer = begin(run)
    train(writer, 30)
    writer.abandon()


def _killed_early(run: Path) -> None:
    """Record a run with few rows, all in the tail."""
    writer = begin(run)
    train(writer, 9)
    writer.abandon()


def _killed_later(run: Path) -> None:
    """Record a run with sealed chunks in the log and the newest rows in the tail."""
    writer = begin(run)
    train(writer, ROWS)
    _wait_for(writer.path + ".lrs", b"COLS", 2)
    writer.abandon()


def _killed_while_sealing(run: Path) -> None:
    """Record a run with rows in both halves of the tail: the chunk did not arrive."""
    writer = begin(run)
    train(writer, ROWS - 40)
    log = Path(writer.path + ".lrs")
    _wait_for(log, b"COLS", 1)
    writer.abandon()
    data = log.read_bytes()
    log.write_bytes(data[: data.index(b"COLS")])


def _wait_for(path: str | Path, kind: bytes, times: int) -> None:
    deadline = time.monotonic() + 30
    while Path(path).read_bytes().count(kind) < times:
        assert time.monotonic() < deadline
        time.sleep(1e-3)


class Recorded:
    """A run on disk with its true contents, to be damaged again and again."""

    def __init__(self, run: Path, record: Callable[[Path], None]) -> None:
        record(run)
        self.run = run
        self.truth = full_use(run)
        (self.log,) = run.glob("*.lrs")
        self.tail = self.log.with_suffix(".tail")

    def with_file(self, path: Path, data: bytes) -> dict[str, Any] | None:
        """Return what the run tells with other bytes in a file, None if it refuses."""
        before = path.read_bytes()
        path.write_bytes(data)
        os.utime(path, (0, 0))  # damaged long ago: nobody waits for the rest
        try:
            found = full_use(self.run)
        except RecordingError as error:
            assert str(error)  # noqa: PT017 - a refusal is one of two right answers
            return None
        finally:
            path.write_bytes(before)
        is_prefix(found, self.truth)
        return found


def is_prefix(found: dict[str, Any], truth: dict[str, Any]) -> None:
    """Check that everything found is the beginning of what is true."""
    for kind in ("rare", "frequent"):
        assert found[kind] == truth[kind][: len(found[kind])]
    for name, track in found["tracks"].items():
        true = truth["tracks"][name]
        for key in ("attempted", "applied", "momentum"):
            assert track[key] == true[key][: len(track[key])], (name, key)
        times = list(zip(track["times"], true["times"]))
        assert all(abs(one - other) <= 0.021 for one, other in times)
        assert track["changed_by"] <= true["changed_by"]
    for key, count in found["counted"].items():
        assert getattr(found["ratio"], key) == count, key
    assert len(found["passes"]) <= len(truth["passes"])
    true_rows = {row["name"]: row for row in truth["page"]}
    for row in found["page"]:
        steps = row["steps"]
        assert steps == len(found["tracks"][row["name"]]["applied"])
        assert row["first"] in (None, true_rows[row["name"]]["first"])
    if found["problem"] is None and found["ended"]:
        assert {**found, "page": 0} == {**truth, "page": 0}


RECORDS = [_ended, _killed, _killed_later, _killed_while_sealing]


@pytest.fixture(params=RECORDS, ids=lambda record: record.__name__.strip("_"))
def recorded(tmp_path: Path, request: pytest.FixtureRequest) -> Recorded:
    return Recorded(tmp_path / "run", request.param)


def test_an_undamaged_recording_tells_everything(recorded: Recorded) -> None:
    truth = recorded.truth
    assert truth["problem"] is None
    assert set(truth["tracks"]) == {"sgd/g0", "sgd/g1", "adamw/g0"}
    assert truth["counted"]["updates"] > 30
    assert truth["counted"]["skipped"] > 3
    assert truth["counted"]["scheduler_steps"] > 3
    assert set(truth["tracks"]["sgd/g0"]["changed_by"]) >= {"StepLR (a.py:9)"}
    is_prefix(truth, truth)


def test_a_log_cut_at_any_byte_is_refused_or_a_prefix(recorded: Recorded) -> None:
    data = recorded.log.read_bytes()
    found = [recorded.with_file(recorded.log, data[:size]) for size in cuts(data)]
    assert found[0] is None
    assert found[-1] is not None


def cuts(data: bytes) -> Iterator[int]:
    """Yield where to cut: every byte round every frame, and others between."""
    yield from range(min(len(data), 600))
    yield from range(600, len(data), 5 if len(data) < 20_000 else 50)
    yield len(data) - 1


def test_every_cut_of_a_small_log_is_refused_or_a_prefix(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", _small)
    data = recorded.log.read_bytes()
    assert len(data) < 4000
    lengths = []
    for size in range(len(data)):
        found = recorded.with_file(recorded.log, data[:size])
        lengths.append(found["counted"]["updates"] if found else 0)
        assert found is None or found["problem"] or size in _ends_of_frames(data)
    assert lengths == sorted(lengths)
    assert recorded.truth["counted"]["updates"] >= lengths[-1] > 0


def _small(run: Path) -> None:
    writer = begin(run)
    train(writer, 9)
    writer.put(
        steps(writer, 1, [[0, str(k)] for k in range(9)]), 0, 0, [0.0] * 9
    )  # seals what there was
    tell(writer, "process_ended", exception=None)
    writer.close()


def _ends_of_frames(data: bytes) -> set[int]:
    ends, position = set(), 12
    while position < len(data):
        ends.add(position)
        position += 12 + int.from_bytes(data[position + 4 : position + 8], "little")
    return ends


def test_every_cut_of_a_small_tail_is_refused_or_a_prefix(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", _killed_early)
    data = recorded.tail.read_bytes()
    used = len(data.rstrip(b"\0")) + 8
    lengths = []
    for size in range(used):
        found = recorded.with_file(recorded.tail, data[:size])
        assert found is not None
        assert len(found["tracks"]) <= 3
        lengths.append(sum(found["counted"].values()))
    assert lengths[-1] == sum(recorded.truth["counted"].values())
    assert lengths == sorted(lengths)


@pytest.mark.parametrize("record", [_killed_later, _killed_while_sealing])
def test_a_cut_in_either_half_of_a_tail_is_a_prefix(
    tmp_path: Path, record: Callable[[Path], None]
) -> None:
    recorded = Recorded(tmp_path / "run", record)
    data = recorded.tail.read_bytes()
    for size in range(0, len(data), 31):
        assert recorded.with_file(recorded.tail, data[:size]) is not None
    for size in range(SMALLEST - 100, SMALLEST + 100):
        assert recorded.with_file(recorded.tail, data[:size]) is not None


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with one byte changed, or a few, or a stretch of zeros."""
    damaged = bytearray(data)
    kind = chance.random()
    if kind < 0.1:
        start = chance.randrange(len(data))
        stop = min(len(data), start + chance.randrange(1, 600))
        damaged[start:stop] = bytes(stop - start)
    for _ in range(1 if kind < 0.8 else chance.randrange(2, 6)):
        damaged[chance.randrange(len(data))] ^= chance.randrange(1, 256)
    return bytes(damaged)


def test_random_flips_in_a_log_are_refused_or_cut_off(recorded: Recorded) -> None:
    chance = random.Random(1)
    data = recorded.log.read_bytes()
    for _ in range(FLIPS):
        found = recorded.with_file(recorded.log, flipped(data, chance))
        assert found is None or found["problem"] is not None


@pytest.mark.parametrize("record", RECORDS[1:])
def test_random_flips_in_a_tail_are_cut_off(
    tmp_path: Path, record: Callable[[Path], None]
) -> None:
    recorded = Recorded(tmp_path / "run", record)
    chance = random.Random(2)
    data = recorded.tail.read_bytes()
    for _ in range(FLIPS):
        assert recorded.with_file(recorded.tail, flipped(data, chance)) is not None


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e300", "-1", "0.5", "2e19"])
def test_a_damaged_sequence_is_cut_off(tmp_path: Path, word: str) -> None:
    recorded = Recorded(tmp_path / "run", _killed_while_sealing)
    data = recorded.tail.read_bytes()
    slots = SMALLEST // 88
    for slot in (0, 1, slots - 1, slots, slots + 1):
        end = (slot + 1) * 88
        damaged = data[: end - 8] + struct.pack("<d", float(word)) + data[end:]
        assert recorded.with_file(recorded.tail, damaged) is not None


@pytest.mark.parametrize("record", [_killed_early, _killed_while_sealing])
def test_a_slot_of_zeros_is_cut_off_with_what_follows(
    tmp_path: Path, record: Callable[[Path], None]
) -> None:
    recorded = Recorded(tmp_path / "run", record)
    data = recorded.tail.read_bytes()
    for start in range(0, 20 * 88, 88):
        for stop in (start + 80, start + 88, start + 176):
            damaged = data[:start] + bytes(stop - start) + data[stop:]
            assert recorded.with_file(recorded.tail, damaged) is not None


def test_a_first_row_that_is_half_written_is_not_there(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", _killed_early)
    data = recorded.tail.read_bytes()
    for words in range(11):  # of the 11 in a slot, in the order they are stored
        row = bytearray(88)
        order = [n // 2 + 5 * (n % 2) for n in range(10)]
        for word in order[:words]:
            row[8 * word : 8 * word + 8] = data[8 * word : 8 * word + 8]
        torn = bytes(row) + bytes(len(data) - 88)
        found = recorded.with_file(recorded.tail, torn)
        assert found is not None
        if words < 8:  # time, code and both rates, each of them twice
            assert found["counted"]["updates"] == 0


def test_a_missing_tail_leaves_a_prefix(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", _killed_later)
    recorded.tail.unlink()
    found = full_use(recorded.run)
    is_prefix(found, recorded.truth)
    assert 0 < found["counted"]["updates"] < recorded.truth["counted"]["updates"]


def test_a_tail_of_another_process_is_not_mixed_in(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", _killed_later)
    other = Recorded(tmp_path / "other", _ended)
    assert other.truth["counted"]["updates"] > 0
    shutil.copy(recorded.tail, other.log.with_suffix(".tail"))
    found = full_use(other.run)
    is_prefix({**found, "ended": False}, other.truth)
    assert found["counted"] == other.truth["counted"]


def announcement(recorded: Recorded) -> Path:
    (segment,) = lrscope.read_run(recorded.run).segments
    opened = opening.Opened(str(recorded.run), 0, list(segment.command))
    opening.end_segment(opened, 3)
    return segment.path


def test_flips_in_the_announcement_change_no_rate(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", _killed)
    path = announcement(recorded)
    chance = random.Random(3)
    data = path.read_bytes()
    for size in range(len(data)):
        found = recorded.with_file(path, data[:size])
        assert found is None or found == recorded.truth
    for _ in range(500):
        found = recorded.with_file(path, flipped(data, chance))
        assert found is None or found == recorded.truth


def test_flips_in_the_announcement_tell_no_wrong_end(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", _killed)
    path = announcement(recorded)
    data = path.read_bytes()
    true = json.loads(data)
    wrong = []
    for place in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                (segment,) = lrscope.read_run(recorded.run).segments
            except RecordingError:
                continue
            told = {"ended": segment.ended, "exit_code": segment.exit_code}
            told["command"] = list(segment.command)
            nothing = (None, [])
            wrong += [
                (k, v) for k, v in told.items() if v not in nothing and v != true[k]
            ]
    assert not wrong, f"{len(wrong)} wrong values, such as {wrong[:5]}"
