"""Landmarks and cautions of a plan in a run, however long it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lrscope.errors import ScheduleError
from lrscope.schedules import (
    constant,
    cosine,
    cyclic,
    exponential,
    inverse_sqrt,
    linear,
    noise,
    warmup,
)
from lrscope.schedules.landmarks import MOST, cautions, landmarks

steps = some.integers(2, 2_000)


@given(steps, steps, some.integers(1, 5_000))
def test_landmarks_are_what_looking_at_every_step_tells(rise, fall, run):
    plan = warmup(rise, start=0) >> linear(fall, end=-0.5)
    values = plan(np.arange(run))
    marks = landmarks(plan, run)
    assert (marks.peak, marks.lowest) == (values.max(), values.min())
    assert (marks.first, marks.last) == (values[0], values[-1])
    assert values[marks.peak_step] == marks.peak
    assert values[marks.lowest_step] == marks.lowest
    assert (values[: marks.peak_step] < marks.peak).all()
    assert marks.area == pytest.approx(values.sum())
    assert marks.rises_until == (min(rise, run - 1) or None)
    assert not marks.estimated


@given(steps, steps)
def test_a_plan_of_the_length_of_the_run_has_no_mistakes(rise, fall):
    plan = warmup(rise) >> cosine(fall)
    marks = landmarks(plan, rise + fall)
    assert cautions(plan, marks) == ()
    assert marks.rises_until == rise


@pytest.mark.parametrize(
    "plan",
    [
        warmup(10) >> cosine(90),
        constant().shift(10),
        linear(10).clip(low=0.5),
        cosine(10).repeat(10),
        (warmup(10) >> cosine(90)) * noise(0.1, seed=3),
    ],
    ids=repr,
)
@pytest.mark.parametrize("factor", [10**6, 10**10])
def test_a_run_too_long_to_be_looked_at_has_the_landmarks_of_its_shape(plan, factor):
    short = landmarks(plan.stretch(1_000), 100_000)
    marks = landmarks(plan.stretch(factor), 100 * factor)
    assert marks.estimated
    assert not short.estimated
    assert marks.area / factor == pytest.approx(short.area / 1_000, rel=1e-3)
    assert marks.peak == pytest.approx(short.peak, rel=1e-2)
    assert plan.stretch(factor)(marks.peak_step) == marks.peak


@pytest.mark.parametrize(
    ("plan", "run", "until"),
    [
        (noise(0.1), 1_000, None),
        (exponential(1.5), 1_000, None),
        (exponential(1.5), 3_000, None),
        (linear(100, start=0.1, end=1.0), 100, None),
        (linear(100, start=0.1, end=1.0), 200, 100),
        (warmup(500).hold(every=50), 700, 500),
        (warmup(500) >> inverse_sqrt(500), 300, 299),
        (warmup(5) >> cosine(5) >> linear(5, end=2.0), 20, None),
        (cosine(10), 10, None),
        (cyclic(10), 50, 10),
    ],
    ids=repr,
)
def test_a_warm_up_ends_at_the_peak_and_not_with_the_run(plan, run, until):
    assert landmarks(plan, run).rises_until == until


def test_turning_points_of_a_long_run_are_exact():
    plan = warmup(123_456_789_012) >> cosine(10**12)
    marks = landmarks(plan, plan.length)
    assert marks.rises_until == marks.peak_step == 123_456_789_012
    assert marks.peak == 1.0
    assert cautions(plan, marks) == ()


def test_a_short_warm_up_of_a_long_run_is_found():
    plan = (warmup(500) >> cosine(10**12)) * constant(0.5)
    assert landmarks(plan, plan.length).rises_until == 500
    assert landmarks(warmup(500) >> cosine(7).repeat(), 10**12).rises_until == 500


def test_a_value_too_large_for_a_float_is_a_mistake_and_no_crash():
    plan = exponential(1.1)
    marks = landmarks(plan, 20_000)
    assert marks.peak == np.inf
    (found,) = cautions(plan, marks)
    assert found.name == "lr-not-finite-or-negative"
    assert f"step {marks.peak_step}" in found.message


def test_more_steps_than_a_float_counts_are_refused():
    assert landmarks(cosine(10), MOST + 1).estimated
    assert landmarks(cosine(10), 2**53).steps == 2**53
    with pytest.raises(ScheduleError, match="53"):
        landmarks(cosine(10), 2**53 + 1)


def test_a_long_run_is_not_seen_in_one_phase_of_its_cycles():
    plan = cosine(8).repeat()
    area = landmarks(plan, 2**40).area
    assert area / 2**40 == pytest.approx(plan.sum(stop=8) / 8, rel=1e-2)
