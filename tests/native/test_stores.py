"""Rows stored in C read back as those stored in Python, whatever they hold."""

from __future__ import annotations

import struct
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrscope import compiled
from lrscope.recording import rows
from lrscope.recording.contents import read_contents
from lrscope.recording.places import Places
from lrscope.recording.rowset import Rowset
from lrscope.recording.writer import Writer

from .conftest import without_c

WIDTHS = st.one_of(st.integers(0, 10), st.integers(11, 300))
NUMBERS = st.floats() | st.sampled_from([float("nan"), -0.0, 0.0, 5e-324])
STRANGE = st.one_of(
    NUMBERS,
    st.integers(-(10**18), 10**18),
    st.booleans(),
    NUMBERS.map(np.float64),
    st.fractions(max_denominator=9),
)


@st.composite
def tables(draw, numbers):
    """Return a width, and rows of that many values or fewer."""
    width = draw(WIDTHS)
    lists = st.lists(numbers, min_size=width, max_size=width)
    kinds = st.sampled_from([list, tuple])
    return width, draw(st.lists(st.builds(_as, kinds, lists), max_size=40))


def _as(kind, values):
    return kind(values)


def _stored(width, table, *, half=4096):
    """Write rows and return what is read back, but times."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "process")
        writer = Writer(str(path), {}, half=half)
        layout = writer.layout({"columns": list(range(width))}, width)
        code = rows.code_of(layout.number, writer.signature(()), rows.UPDATED)
        numbers = []
        for values in table:
            try:
                numbers.append(writer.store(code, values))
            except (TypeError, ValueError, OverflowError, struct.error):
                numbers.append(None)
        assert not writer.why_not_mapped
        next_row = writer.next_row
        alive = len(table) < 64 and _read(path, layout.number, width)
        writer.close()
        return numbers, next_row, alive, _read(path, layout.number, width)


def _read(path, layout, width):
    contents = read_contents(path.with_suffix(".lrs"))
    assert not contents.problem
    rowset = Rowset(contents)
    columns = [rowset.column({layout: index}) for index in range(width)]
    return (
        rowset.count,
        rowset.flags.tolist(),
        [(where.tolist(), values.tobytes()) for where, values in columns],
    )


def _assert_same(width, table):
    in_c = _stored(width, table)
    with without_c():
        in_python = _stored(width, table)
    assert in_c == in_python
    return in_c


def _columns(width, table):
    return [
        struct.pack(f"<{len(table)}d", *(row[i] for row in table)) for i in range(width)
    ]


@settings(max_examples=60)
@given(tables(NUMBERS))
def test_any_floats_in_rows_of_any_width_are_read_back_bit_for_bit(drawn):
    width, table = drawn
    _, _, alive, sealed = _assert_same(width, table)
    assert alive == sealed
    count, _, columns = sealed
    assert count == len(table)
    if table:
        assert [values for _, values in columns] == _columns(width, table)


@settings(max_examples=60)
@given(tables(STRANGE))
def test_what_is_no_float_is_stored_as_python_stores_it(drawn):
    _assert_same(*drawn)


@pytest.mark.parametrize("width", [1, 8, 9, 40])
@pytest.mark.parametrize("wrong", ["0.1", None, 10**400], ids=["text", "None", "much"])
def test_a_value_that_is_no_number_leaves_a_void_row_and_the_next_is_whole(
    width, wrong
):
    table = [[0.5] * width, [0.5] * (width - 1) + [wrong], [0.25] * width]
    numbers, next_row, _, (count, flags, _) = _assert_same(width, table)
    assert (numbers, next_row, count) == ([0, None, 2], 3, 3)
    assert flags[0] == flags[2] != flags[1]


@pytest.mark.parametrize("width", [1, 8, 9, 300])
def test_many_rows_pass_through_parts_and_halves(width):
    table = [[float(n + column) for column in range(width)] for n in range(700)]
    _, _, _, (count, _, columns) = _assert_same(width, table)
    assert count == 700
    assert [values for _, values in columns] == _columns(width, table)


def test_fractions_have_a_place_in_a_row():
    *_, (_, _, [(_, values)]) = _assert_same(1, [[Fraction(1, 4)]])
    assert struct.unpack("<d", values) == (0.25,)


class _Exhausted(Places):
    """Places of which none is left."""

    __slots__ = ()

    def __init__(self, place=8, stop=8):
        self.take = compiled.native.Part(place, stop, 7, 0)


def _slow(*_):
    return "in Python"


def test_a_place_outside_of_the_memory_is_refused():
    memory = bytearray(64)
    for place in (2, -1, 8, 1 << 61):
        store = compiled.native.narrow(
            _slow, _Exhausted(), lambda place=place: (place, 0), memory, 7
        )
        with pytest.raises(SystemError, match="outside"):
            store(1.0, [0.5])
    beyond = compiled.native.narrow(_slow, _Exhausted(8, 80), _slow, memory, 7)
    with pytest.raises(SystemError, match="outside"):
        beyond(1.0, [0.5])
    assert memory == bytearray(64)


def test_more_values_than_fit_are_left_to_python():
    memory = bytearray(64)
    for kind in (compiled.native.narrow, compiled.native.wide):
        store = kind(_slow, _Exhausted(0, 7), _slow, memory, 7)
        assert store(1.0, [0.5] * 4) == "in Python"
        assert store(1, [0.5]) == "in Python"
        assert store(1.0, (0.5,)) == "in Python"
    assert memory == bytearray(64)


def test_an_interrupt_while_a_place_is_looked_for_reaches_the_program():
    def turn():
        raise KeyboardInterrupt

    store = compiled.native.narrow(_slow, _Exhausted(), turn, bytearray(64), 7)
    with pytest.raises(KeyboardInterrupt):
        store(1.0, [0.5])


def test_memory_that_cannot_be_written_is_refused():
    with pytest.raises((BufferError, TypeError)):
        compiled.native.narrow(_slow, _Exhausted(), _slow, bytes(64), 7)
