"""Repetitions that grow: those that are written down and those that are worked out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrscope import schedules as s
from lrscope.schedules.algebra.repeated import MOST_TABLED

FALL = s.linear(10, 1.0, 0.5)


def bits(values):
    return np.asarray(values, dtype=float).view(np.int64).tolist()


@pytest.mark.parametrize("grow", ["1.001", "1.01"])
@pytest.mark.parametrize("times", [None, 40, MOST_TABLED, 2 * MOST_TABLED])
@settings(max_examples=10)
@given(data=st.data())
def test_a_late_repetition_is_the_same_alone_and_in_an_array(grow, times, data):
    grown = FALL.repeat(times, grow=float(grow), scale=0.9999)
    first = 10 * sum(Fraction(grow) ** k for k in range(MOST_TABLED))
    steps = st.integers(0, 2**53) | st.integers(int(first) - 99, int(first) + 99)
    steps = data.draw(st.lists(steps.map(lambda n: min(n, 2**53)), max_size=20))
    assert bits(grown(np.array(steps, dtype=np.int64))) == bits(list(map(grown, steps)))


def test_what_is_written_down_and_what_is_worked_out_meet():
    grown = FALL.repeat(grow=1.001)
    for k in (MOST_TABLED - 1, MOST_TABLED, MOST_TABLED + 1, 3 * MOST_TABLED):
        begin = 10 * (Fraction("1.001") ** k - 1) / Fraction("0.001")
        first = -(-begin.numerator // begin.denominator)
        assert grown(first) == pytest.approx(1.0, abs=0.5 / 10)
        assert grown(first - 1) < 0.55
        share = (first - begin) / (10 * Fraction("1.001") ** k)
        assert grown(first) == pytest.approx(1.0 - 0.5 * float(share), rel=1e-9)


@pytest.mark.parametrize("scale", [0.0, 3.0])
def test_a_scale_that_overflows_at_steps_that_nobody_asks_for_says_nothing(scale):
    grown = FALL.repeat(grow=1.01, scale=scale)
    assert grown(0) == 1.0
    assert grown(10) == pytest.approx(scale)
