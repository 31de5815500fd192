"""What holds for every shape and for whatever is made of shapes."""

from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lrscope.errors import ScheduleError
from lrscope.schedules import from_json, parse, to_json, to_text
from lrscope.schedules.catalogue import KINDS, SHAPES

from .table import EVERY, TABLE, TREES

FEW = settings(max_examples=25)
STEPS = st.lists(st.integers(0, 500) | st.integers(0, 2**53), max_size=30)

each_shape = pytest.mark.parametrize("name", TABLE)


def test_every_shape_has_a_line_in_the_law_table():
    assert set(TABLE) == {each.__name__ for each in SHAPES}


def bits(values):
    return np.asarray(values, dtype=float).view(np.int64).tolist()


@each_shape
@FEW
@given(data=st.data(), steps=STEPS)
def test_a_step_has_one_value_alone_or_in_an_array(name, data, steps):
    schedule = data.draw(TABLE[name])
    together = schedule(np.array(steps, dtype=np.int64))
    assert bits(together) == bits([schedule(each) for each in steps])


@FEW
@given(schedule=TREES, steps=STEPS)
def test_a_step_of_any_schedule_has_one_value_alone_or_in_an_array(schedule, steps):
    together = schedule(np.array(steps, dtype=np.int64))
    assert bits(together) == bits([schedule(each) for each in steps])


@each_shape
@FEW
@given(data=st.data(), size=st.integers(1, 40_000), seed=st.integers(0, 99))
def test_order_chunks_and_form_of_an_array_do_not_matter(name, data, size, seed):
    schedule = data.draw(TABLE[name])
    assume(name not in ("function", "cyclic") or size < 2_000)
    steps = np.arange(size)
    whole = schedule(steps)
    order = np.random.default_rng(seed).permutation(size)
    assert bits(schedule(steps[order])) == bits(whole[order])
    cut = size // 3
    parts = np.concatenate([schedule(steps[:cut]), schedule(steps[cut:])])
    assert bits(parts) == bits(whole)
    assert bits(schedule(steps[::2])) == bits(whole[::2])
    assert schedule(steps.reshape(1, -1)).shape == (1, size)


@FEW
@given(schedule=TREES)
def test_a_schedule_never_changes_after_it_has_settled(schedule):
    settles = schedule.settles
    assume(settles is not None)
    later = [settles + 1, settles + 2, settles + 7, settles + 1000, 2**53]
    assert {schedule(each) for each in later} == {schedule.final}


@each_shape
@FEW
@given(data=st.data())
def test_a_shape_holds_its_last_value_after_its_length(name, data):
    schedule = data.draw(TABLE[name])
    end = schedule.length
    if end is None:
        assert schedule.settles in (None, schedule.settles)
        return
    assert schedule.settles <= end
    assert schedule(end) == schedule(end + 1) == schedule(2**53) == schedule.final


@each_shape
@FEW
@given(data=st.data())
def test_a_shape_is_written_as_text_and_read_back(name, data):
    schedule = data.draw(TABLE[name])
    assert parse(to_text(schedule)) == schedule
    assert repr(schedule) == to_text(schedule)
    assert to_text(parse(repr(schedule))) == repr(schedule)


@each_shape
@FEW
@given(data=st.data())
def test_a_shape_is_written_as_json_and_read_back(name, data):
    schedule = data.draw(TABLE[name])
    text = json.dumps(to_json(schedule), allow_nan=False)
    assert from_json(text) == from_json(json.loads(text)) == schedule


@settings(max_examples=150)
@given(schedule=TREES)
def test_any_schedule_survives_text_json_and_pickle(schedule):
    again = [
        parse(to_text(schedule)),
        from_json(json.dumps(to_json(schedule))),
        pickle.loads(pickle.dumps(schedule)),
    ]
    steps = np.arange(50)
    for each in again:
        assert each == schedule
        assert hash(each) == hash(schedule)
        assert repr(each) == repr(schedule)
        assert bits(each(steps)) == bits(schedule(steps))


@each_shape
@FEW
@given(data=st.data())
def test_a_pickle_holds_the_arguments_and_nothing_derived_from_them(name, data):
    schedule = data.draw(TABLE[name])
    text = pickle.dumps(schedule)
    assert b"numpy" not in text
    assert schedule.__reduce__()[1] == tuple(
        getattr(schedule, each.name)
        for each in dataclasses.fields(schedule)
        if not each.name.startswith("_")
    )


@given(one=EVERY, other=EVERY)
def test_schedules_are_equal_if_their_arguments_are(one, other):
    assert (one == other) == (repr(one) == repr(other))
    assert len({one, other}) == 2 - (one == other)


@pytest.mark.parametrize("name", ["function", "noise", "lookup", "piecewise_linear"])
@FEW
@given(data=st.data(), cut=st.integers(1, 5))
def test_a_shape_is_asked_for_float_times_by_every_operator(name, data, cut):
    schedule = data.draw(TABLE[name])
    inside = schedule[:cut].shift(2).stretch(0.5).hold(every=2).repeat(2)
    assert inside(3) == inside([3])[0]
    assert schedule[:cut](10**6) == schedule(min(cut, schedule.length or cut))


@FEW
@given(schedule=TREES)
def test_values_are_finite_floats(schedule):
    assert type(schedule(3)) is float
    values = schedule(np.arange(300))
    assert values.dtype == np.float64
    assert np.isfinite(values).all()


def test_the_catalogue_names_every_kind_once():
    assert len(KINDS) == len(set(KINDS.values()))


@pytest.mark.parametrize("step", [-1, 0.5, float("nan"), float("inf"), "3", None, True])
def test_a_step_that_is_none_is_refused(step):
    schedule = parse("warmup(5) >> cosine(5)")
    with pytest.raises(ScheduleError, match="step"):
        schedule(step)


@pytest.mark.parametrize("steps", [[-1], [0.5], [np.nan], ["a"], [True], [2**53 + 2]])
def test_an_array_of_steps_that_are_none_is_refused(steps):
    with pytest.raises(ScheduleError, match="steps"):
        parse("cosine(5)")(np.array(steps))
