"""Columns and times: what is encoded is what is decoded."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrscope.errors import DamagedRecording
from lrscope.recording import clock, codec

from .building import memory_limit

INT64 = st.integers(-(2**63), 2**63 - 1)
SPECIAL = [
    0x7FF0000000000001,  # signalling NaN
    0x7FF8000000000000,
    0x7FFFFFFFFFFFFFFF,
    0xFFF8DEADBEEF0001,
    0x7FF0000000000000,
    0xFFF0000000000000,
    0x8000000000000000,  # -0.0
    0x0000000000000000,
    0x0000000000000001,  # smallest subnormal
    0x000FFFFFFFFFFFFF,
]
PATTERNS = st.one_of(
    st.sampled_from([p - 2**64 if p >= 2**63 else p for p in SPECIAL]),
    INT64,
    st.floats(width=64).map(lambda x: struct.unpack("<q", struct.pack("<d", x))[0]),
)
RUNS = st.lists(st.tuples(PATTERNS, st.integers(1, 400)), min_size=1, max_size=30)


def _cosine(n: int, lr: float, floor: float, total: int) -> float:
    return floor + (lr - floor) * 0.5 * (1 + math.cos(math.pi * n / total))


def _warmup(n: int, lr: float, floor: float, total: int) -> float:
    return min(lr, floor + (lr - floor) * n / (total / 10))


def _one_cycle(n: int, lr: float, floor: float, total: int) -> float:
    up = 0.3 * total
    return _cosine(n, floor, lr, up) if n < up else _cosine(n - up, lr, 0, total - up)


SHAPES = [
    _cosine,
    _warmup,
    _one_cycle,
    lambda n, lr, floor, total: lr * 0.9 ** (n // (total // 7 + 1)) + 0 * floor,
    lambda n, lr, floor, total: lr * (1 - floor / total) ** n,
    lambda n, lr, floor, total: lr * max(0.0, 1 - n / total) ** 2 + 0 * floor,
    lambda n, lr, floor, total: (
        floor + (lr - floor) * abs(n % 64 - 32) / 32 + 0 * total
    ),
    lambda n, lr, floor, total: lr / math.sqrt(n + 1 + total) + floor,
]


def same(column: np.ndarray) -> bool:
    back = codec.decode(codec.encode(column), column.size)
    return back.dtype == np.int64 and back.tobytes() == column.tobytes()


@given(st.lists(PATTERNS, min_size=1, max_size=300))
def test_any_bit_patterns_come_back_as_they_were(values: list[int]) -> None:
    assert same(np.array(values, np.int64))


@given(PATTERNS, st.integers(1, 10_000))
def test_a_constant_comes_back_and_takes_nine_bytes(value: int, count: int) -> None:
    column = np.full(count, value, np.int64)
    assert same(column)
    assert len(codec.encode(column)) == 9


@given(RUNS)
def test_runs_of_any_lengths_come_back_as_they_were(
    runs: list[tuple[int, int]],
) -> None:
    values, counts = zip(*runs)
    assert same(np.repeat(np.array(values, np.int64), counts))


@given(
    st.sampled_from(SHAPES), st.floats(1e-12, 1e3), st.floats(0, 1),
    st.integers(1, 3000), st.integers(0, 2**40), st.lists(PATTERNS, max_size=3),
)  # fmt: skip
def test_schedules_come_back_bit_for_bit(
    shape, lr: float, floor: float, total: int, start: int, odd: list[int]
) -> None:
    rates = [shape(start % total + n, lr, lr * floor, total + 1) for n in range(total)]
    column = np.array(rates, np.float64).view(np.int64)
    assert same(column)
    for place, pattern in enumerate(odd):
        column[place * total // 3] = pattern
    assert same(column)


@given(st.integers(0, 4), st.lists(INT64, min_size=5, max_size=5), st.integers(1, 600))
def test_overflowing_polynomials_come_back(
    degree: int, factors: list[int], n: int
) -> None:
    where = np.arange(n, dtype=np.int64)
    with np.errstate(over="ignore"):
        column = sum(
            np.int64(f) * where**k for k, f in enumerate(factors[: degree + 1])
        )
    assert same(np.broadcast_to(column, n).astype(np.int64))


def test_a_smooth_schedule_takes_less_than_a_byte_and_a_half() -> None:
    rates = [_cosine(n, 3e-4, 0.0, 1_000_000) for n in range(40_000)]
    column = np.array(rates).view(np.int64)
    assert len(codec.encode(column)) < 1.5 * column.size


def decoded_or_refused(data: bytes, count: int) -> None:
    try:
        column = codec.decode(data, count)
    except DamagedRecording:
        return
    assert column.shape == (count,)
    assert column.dtype == np.int64


@given(st.integers(0, 4), st.binary(max_size=80), st.integers(0, 500))
@settings(max_examples=400)
def test_garbage_is_refused_and_nothing_else(way: int, data: bytes, count: int) -> None:
    with memory_limit():
        decoded_or_refused(bytes([way]) + data, count)
        decoded_or_refused(data, count)


@given(st.lists(PATTERNS, min_size=2, max_size=99), st.data())
def test_an_altered_column_is_refused_or_has_the_right_size(
    values: list[int], data: st.DataObject
) -> None:
    values = values if data.draw(st.booleans()) else sorted(values * 9)
    coded = bytearray(codec.encode(np.array(values, np.int64)))
    with memory_limit():
        decoded_or_refused(
            bytes(coded[: data.draw(st.integers(0, len(coded)))]), len(values)
        )
        for _ in range(data.draw(st.integers(1, 4))):
            coded[data.draw(st.integers(0, len(coded) - 1))] = data.draw(
                st.integers(0, 255)
            )
        decoded_or_refused(bytes(coded), len(values))
        decoded_or_refused(bytes(coded), len(values) + 1)


@pytest.mark.parametrize("changes", [10, 2**20, 2**32 - 1])
def test_runs_that_claim_more_changes_than_numbers_are_refused(changes: int) -> None:
    number = bytes([codec.CONSTANT]) + bytes(8)
    data = struct.pack("<BII", codec.RUNS, changes, len(number)) + number + number
    with memory_limit(), pytest.raises(DamagedRecording):
        codec.decode(data, 10)


def test_runs_that_claim_to_be_very_long_are_refused() -> None:
    where = bytes([codec.CONSTANT]) + struct.pack("<q", 2**60)
    data = struct.pack("<BII", codec.RUNS, 1, len(where)) + where
    with memory_limit(), pytest.raises(DamagedRecording):
        codec.decode(data + bytes([codec.CONSTANT]) + bytes(8), 100)


def test_a_column_nested_too_deeply_is_refused() -> None:
    data = bytes([codec.CONSTANT]) + bytes(8)
    for _ in range(5000):
        data = struct.pack("<BII", codec.RUNS, 1, len(data)) + data
    with pytest.raises(DamagedRecording):
        codec.decode(data, 10_000)


@given(
    st.floats(0, 4e9),
    st.lists(
        st.one_of(st.floats(0, 0.1), st.floats(-7200, 7200)), min_size=1, max_size=200
    ),
)
def test_times_come_back_within_the_tolerance(start: float, gaps: list[float]) -> None:
    times = start + np.cumsum(gaps)
    where = clock.corners(times)
    back = clock.between(where.astype(np.int64), times[where], times.size)
    assert np.abs(back - times).max() <= clock.TOLERANCE + 1e-6


def test_an_even_clock_needs_two_corners() -> None:
    assert clock.corners(1.7e9 + np.arange(50_000) * 1e-3).tolist() == [0, 49_999]
