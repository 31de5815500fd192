"""Laws of what can be made of schedules."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lrscope import schedules as s
from lrscope.errors import ScheduleError

from .table import EVERY, FINITE, TREES

FEW = settings(max_examples=100)
STEPS = np.arange(700)


def same(one, other, tolerance=0.0):
    np.testing.assert_allclose(one(STEPS), other(STEPS), rtol=tolerance, atol=1e-300)
    return True


@FEW
@given(a=FINITE, b=FINITE, c=EVERY)
def test_then_is_associative(a, b, c):
    assert (a >> b) >> c == a >> (b >> c)


@FEW
@given(a=EVERY, b=EVERY, c=EVERY)
def test_products_and_sums_are_associative(a, b, c):
    assert (a * b) * c == a * (b * c)
    assert (a + b) + c == a + (b + c)
    assert a.minimum(b).minimum(c) == a.minimum(b.minimum(c))
    assert a.maximum(b).maximum(c) == a.maximum(b.maximum(c))


@FEW
@given(a=EVERY, b=EVERY)
def test_products_sums_and_extremes_commute_in_value(a, b):
    assert same(a * b, b * a)
    assert same(a + b, b + a)
    assert same(a.minimum(b), b.minimum(a))
    assert same(a.maximum(b), b.maximum(a))


@FEW
@given(a=TREES)
def test_identities_change_no_value(a):
    assert same(1 * a, a)
    assert same(a + 0, a)
    assert same(a.minimum(a), a)
    assert same(a.maximum(math.floor(a.lowest(stop=700))), a)
    assert a.shift(0) == a.stretch(1) == a.hold(every=1) == a[:] == a[0:] == a
    assert same(a.absolute(), a)


@FEW
@given(a=EVERY, b=EVERY)
def test_operators_work_step_by_step(a, b):
    one, other = a(STEPS), b(STEPS)
    assert ((a * b)(STEPS) == one * other).all()
    assert ((a + b)(STEPS) == one + other).all()
    assert (a.minimum(b)(STEPS) == np.minimum(one, other)).all()
    assert (a.maximum(b)(STEPS) == np.maximum(one, other)).all()
    assert ((a * 0.5)(STEPS) == one * 0.5).all()
    assert ((2 + a)(STEPS) == 2 + one).all()
    assert ((a - b)(STEPS) == one - other).all()
    assert ((a - 0.3)(STEPS) == one - 0.3).all()
    assert ((0.3 - a)(STEPS) == 0.3 - one).all()
    assert ((-a)(STEPS) == -one).all()
    assert ((a / 3)(STEPS) == one / 3).all()


@FEW
@given(a=EVERY, b=EVERY)
def test_what_was_added_can_be_taken_away_and_what_was_multiplied_divided(a, b):
    scale = np.abs(a(STEPS)) + np.abs(b(STEPS))
    assert (np.abs((a + b - b)(STEPS) - a(STEPS)) <= 1e-15 * scale).all()
    assert same(a - b, -(b - a))
    assert same(a - b, a + -b)
    negative = -a
    assert same(-negative, a)
    assert same(a / 1, a)
    assert same(3 * a / 3, a, 1e-15)
    assert same(a / -2, a * -0.5)
    assert (a - b).length == (a + b).length == (b - a).length
    assert (a / 3).length == (-a).length == a.length
    assert (a / 3).settles == (-a).settles == a.settles


COMPANIONS = [
    s.noise(0.1, seed=3),
    s.noise(0.1, distribution="normal"),
    s.constant(0.5),
    s.exponential_warmup(20),
    s.untuned_exponential_warmup(0.9),
    s.radam_warmup(0.9),
    0.5 * s.noise(0.1).hold(every=7),
    s.noise(0.1).shift(5) + s.constant(0.1),
    s.noise(0.1)[9:].stretch(2).clip(high=1.05),
]
"""Endless schedules that are made to go along with others."""
each_combination = pytest.mark.parametrize(
    "combined",
    [
        lambda a, b: a * b,
        lambda a, b: a + b,
        lambda a, b: a.minimum(b),
        lambda a, b: a.maximum(b),
    ],
    ids=["product", "sum", "minimum", "maximum"],
)


@each_combination
@FEW
@given(a=FINITE, b=FINITE)
def test_a_combination_is_as_long_as_its_longest_part(combined, a, b):
    assert combined(a, b).length == max(a.length, b.length)


@each_combination
@FEW
@given(a=EVERY, beside=st.sampled_from(COMPANIONS))
def test_noise_numbers_and_endless_warmups_have_no_say_about_length(
    combined, a, beside
):
    one, other = combined(a, beside), combined(beside, a)
    assert one.length == other.length == a.length
    if a.length is not None:
        values = one(np.arange(a.length + 1))
        assert one.sum() == pytest.approx(math.fsum(values[:-1]), rel=1e-14)
        assert one.peak == max(values)
        assert one.extend(to=a.length + 50).length == a.length + 50
        assert (one >> a).length == 2 * a.length


@each_combination
def test_a_part_that_goes_somewhere_without_end_makes_a_combination_endless(combined):
    for goes_on in (s.inverse_sqrt(10), s.exponential(0.9), s.cosine_wave(9)):
        assert combined(s.warmup(5), goes_on).length is None
    assert combined(s.warmup(5), s.multistep([30, 80])).length == 80
    assert combined(s.multistep([30]), s.multistep([80])).length is None


@FEW
@given(steps=st.integers(1, 200), beside=EVERY)
def test_a_product_that_has_come_to_zero_has_ended(steps, beside):
    plan = s.cosine(steps) * beside
    assert plan.length == max(steps, beside.length or beside.settles or 0)
    assert (plan(STEPS[steps:]) == 0).all()
    assert plan.settles is not None
    assert plan.final == 0


def test_what_a_combination_does_after_its_end_is_what_its_parts_do():
    rough = s.cosine(100, floor=0.1) * s.noise(0.1)
    assert rough.length == 100
    assert rough.settles is rough.final is None
    assert rough(500) == 0.1 * s.noise(0.1)(500)
    assert rough[:1_000](500) == rough(500)
    assert rough[:100](500) == rough(100)
    assert rough[20:](480) == rough(500)
    again = rough.repeat(3)
    assert again.length == 300
    assert again.settles is None


@FEW
@given(a=FINITE, b=TREES)
def test_then_gives_every_part_its_own_steps(a, b):
    joined = a >> b
    assert (joined(STEPS[: a.length]) == a(STEPS[: a.length])).all()
    assert (joined(STEPS + a.length) == b(STEPS)).all()
    assert joined.length == (None if b.length is None else a.length + b.length)


@FEW
@given(a=TREES, low=st.floats(0, 1), width=st.floats(0, 1))
def test_clip_keeps_what_lies_inside(a, low, width):
    assert (
        a.clip(low, low + width)(STEPS) == np.clip(a(STEPS), low, low + width)
    ).all()
    assert a.clip(low, low + width).length == a.length


@FEW
@given(a=TREES, by=st.integers(1, 300))
def test_shift_repeats_the_first_value_and_then_begins(a, by):
    shifted = a.shift(by)
    assert (shifted(STEPS[:by]) == a(0)).all()
    assert (shifted(STEPS + by) == a(STEPS)).all()
    assert shifted.length == (None if a.length is None else a.length + by)


@FEW
@given(a=FINITE)
def test_reversing_twice_gives_the_schedule_back(a):
    back = a.reverse()
    assert back.reverse() == a
    assert back.length == a.length
    steps = np.arange(a.length + 1)
    assert (back(steps) == a(steps)[::-1]).all()


@FEW
@given(a=TREES, cut=st.integers(1, 250))
def test_the_pieces_of_a_slice_give_the_whole_back(a, cut):
    assert a[:cut].length == cut
    assume(a.length is None or a.length > cut)
    whole = a[:cut] >> a[cut:]
    assert (whole(STEPS) == a(STEPS)).all()
    assert whole.length == a.length


@FEW
@given(a=TREES, start=st.integers(0, 90), size=st.integers(1, 90), data=st.data())
def test_a_slice_is_what_lies_inside_and_then_holds(a, start, size, data):
    assume(a.length is None or a.length > start)
    piece = a[start : start + size]
    assert piece.length == size
    assert (piece(STEPS[: size + 1]) == a(STEPS[: size + 1] + start)).all()
    assert piece(size + 1) == piece(10**6) == piece(size)
    first = data.draw(st.integers(0, size - 1))
    assume(a.length is None or a.length > start + first)
    inside = data.draw(st.integers(1, 90))
    again = piece[first : first + inside]
    assert again == piece[first:][:inside]
    assert again.length == inside
    assert (again(STEPS[:inside]) == piece(STEPS[:inside] + first)).all()
    if first + inside <= size:
        assert again == a[start + first : start + first + inside]


def test_a_slice_beyond_the_end_holds_the_last_value_as_the_schedule_does():
    plan = s.cosine(10, floor=0.1)[:100] >> s.linear(5)
    assert plan.length == 105
    assert plan(10) == plan(99) == 0.1
    assert s.cosine(10)[:10] == s.cosine(10)[0:] == s.cosine(10)
    assert s.parse(repr(plan)) == s.from_json(s.to_json(plan)) == plan


@FEW
@given(a=FINITE, by=st.sampled_from([2, 3, 0.5, 1.25, 7]))
def test_stretching_there_and_back_gives_the_same_values(a, by):
    longer = a.stretch(by)
    assert longer.length == math.ceil(a.length * by)
    if by == int(by):
        assert (longer(STEPS[: a.length] * int(by)) == a(STEPS[: a.length])).all()


@FEW
@given(a=TREES, to=st.integers(50, 900))
def test_extend_gives_the_length_that_was_asked_for(a, to):
    assume(a.length is not None)
    longer = a.extend(to=to)
    assert longer.length == to
    assert a.extend(to=a.length) == a
    assert longer.extend(to=to) == longer


def test_extend_rewrites_plain_shapes_instead_of_stretching_them():
    plan = s.warmup(100) >> s.cosine(900, floor=0.1)
    assert plan.extend(to=2_000) == s.warmup(200) >> s.cosine(1_800, floor=0.1)
    assert plan.stretch(2).length == 2_000


@FEW
@given(a=FINITE, times=st.integers(1, 5))
def test_repeat_is_the_schedule_again_and_again(a, times):
    found = a.repeat(times)
    chain = a
    for _ in range(times - 1):
        chain = chain >> a
    assert found.length == chain.length == a.length * times
    steps = np.arange(found.length)
    assert (found(steps) == chain(steps)).all()
    assert found(found.length + 5) == found.final
    assert (a.repeat()(steps) == found(steps)).all()


@FEW
@given(
    a=FINITE,
    times=st.integers(1, 5),
    scale=st.floats(0.1, 2),
    grow=st.sampled_from([1, 2, 3]),
)
def test_a_repetition_is_scaled_and_stretched(a, times, scale, grow):
    found = a.repeat(times, scale=scale, grow=float(grow))
    chain = None
    for k in range(times):
        part = scale**k * a.stretch(grow**k)
        chain = part if chain is None else chain >> part
    assert found.length == chain.length
    steps = np.arange(found.length)
    np.testing.assert_allclose(found(steps), chain(steps), rtol=1e-9, atol=1e-12)


@FEW
@given(
    steps=st.sampled_from([10, 30, 50, 100, 1000]),
    times=st.integers(1, 8),
    grow=st.sampled_from(["0.5", "0.8", "0.9", "1.05", "1.1", "1.2", "1.3", "1.6"]),
)
def test_a_repetition_begins_at_the_step_that_its_growth_in_decimals_says(
    steps, times, grow
):
    begins = [steps * sum(Fraction(grow) ** i for i in range(k)) for k in range(20)]
    found = s.linear(steps).repeat(times, grow=float(grow))
    assert found.length == math.ceil(begins[times])
    for begin in begins[:times]:
        if begin.denominator == 1:
            assert found(int(begin)) == found([int(begin)])[0] == 1.0


@FEW
@given(a=TREES, every=st.integers(1, 40))
def test_hold_keeps_the_value_of_every_kth_step(a, every):
    held = a.hold(every=every)
    assert (held(STEPS) == a(STEPS // every * every)).all()


@FEW
@given(a=FINITE, rate=st.floats(1e-6, 10))
def test_absolute_makes_rates_of_factors(a, rate):
    rates = a.absolute(rate)
    assert rates.is_rate
    assert not a.is_rate
    assert (rates(STEPS) == a(STEPS) * rate).all()
    assert (0.5 * rates).is_rate
    assert (rates >> rates).is_rate
    for mixed in (lambda: rates + a, lambda: rates >> a, lambda: rates * rates):
        with pytest.raises(ScheduleError, match=r"rate"):
            mixed()
    with pytest.raises(ScheduleError, match="is a rate already"):
        rates.absolute()


@FEW
@given(a=FINITE, data=st.data())
def test_replan_keeps_what_was_done_and_ends_where_told(a, data):
    assume(a.length > 1)
    at = data.draw(st.integers(1, a.length - 1))
    to = data.draw(st.integers(at + 1, 600))
    plan = a.replan(at=at, to=to)
    assert plan.length == to
    assert (plan(STEPS[:at]) == a(STEPS[:at])).all()
    assert plan(at) == pytest.approx(a(at), rel=1e-12, abs=1e-15)
    if to == a.length:
        np.testing.assert_allclose(plan(STEPS), a(STEPS), rtol=1e-12, atol=1e-15)


ENDLESS = s.inverse_sqrt(10)


@FEW
@given(a=TREES)
def test_a_schedule_does_not_change(a):
    for name in ("length", "steps", "peak", "no_such_name"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to '{name}'"):
            setattr(a, name, 3)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete '{name}'"):
            delattr(a, name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ENDLESS >> s.cosine(5), r"endless: nothing can come after.*slice"),
        (ENDLESS.reverse, "endless"),
        (lambda: ENDLESS.repeat(2), "endless and cannot be repeated"),
        (lambda: ENDLESS.extend(to=5), "endless"),
        (lambda: ENDLESS.replan(at=5, to=10), "length"),
        (lambda: s.cosine(5) >> 0.5, r"after >> comes a schedule.*constant\(\)"),
        (lambda: s.cosine(5) * "2", "joined with a schedule"),
        (lambda: s.cosine(5) - "2", "joined with a schedule or a number, got '2'"),
        (lambda: s.cosine(5) - True, "joined with a schedule or a number, got True"),
        (lambda: None - s.cosine(5), "joined with a schedule or a number, got None"),
        (lambda: s.cosine(5) / 0, "divided by 0"),
        (lambda: s.cosine(5) / s.cosine(5), r"divided by a number, got cosine\(5\)"),
        (lambda: s.cosine(5) / True, "divided by a number, got True"),
        (lambda: s.cosine(5) / math.nan, "quotient needs 'by' to be finite"),
        (lambda: 2 / s.cosine(5), r"cannot be divided by a schedule.*inverse_time"),
        (lambda: s.cosine(5).absolute() - s.cosine(5), "use .absolute"),
        (lambda: s.cosine(5) + True, "joined with a schedule"),
        (lambda: s.cosine(5) * math.nan, "finite"),
        (lambda: s.cosine(5).clip(), "clip needs low, high or both"),
        (lambda: s.cosine(5).clip(1, 0), "low <= high"),
        (lambda: s.cosine(5).shift(-1), "shift needs steps to be a whole number >= 0"),
        (lambda: s.cosine(5).shift(None), "shift needs steps"),
        (lambda: s.cosine(5).shift(0.5), "shift needs steps.*round it, or give a unit"),
        (lambda: s.cosine(5).stretch(0), "by > 0"),
        (lambda: s.cosine(5).stretch(math.inf), "finite"),
        (lambda: s.cosine(5).extend(to=0), ">= 1, got 0"),
        (lambda: s.cosine(5).repeat(0), ">= 1, got 0"),
        (lambda: s.cosine(5).repeat(grow=0.5), "needs times if grow < 1"),
        (
            lambda: s.cosine(5).repeat(99, grow=0.5),
            r"times <= 53 for grow=0\.5, got 99",
        ),
        (lambda: s.cosine(5).repeat(2_000, grow=2.0), "times <= 53 for grow=2"),
        (lambda: s.cosine(5).repeat(10**400), "times <= "),
        (lambda: s.cosine(5).repeat("3ep"), "times to be a whole number >= 1"),
        (lambda: s.cosine(5).hold(every=0), ">= 1, got 0"),
        (lambda: s.cosine(5)[3:3], "start < stop"),
        (lambda: s.cosine(9)[2:6][3:2], "start < stop, got 3:2"),
        (lambda: s.cosine(9)[2:6][:0], "start < stop, got 0:0"),
        (lambda: s.cosine(9)[2:6][4:], "start below the length 4, got 4"),
        (lambda: s.cosine(5)[5:], "start below the length 5"),
        (lambda: s.cosine(5)[::2], "slice as in"),
        (lambda: s.cosine(5)[2], "slice as in"),
        (lambda: s.cosine(5)[-2:], "whole number >= 0"),
        (lambda: s.cosine(5).replan(at=5, to=9), "at < length"),
        (lambda: s.cosine(5).replan(at=3, to=2), "at < to"),
        (lambda: s.cosine(5).absolute(-1), "rate >= 0"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(make, words):
    with pytest.raises(ScheduleError, match=words):
        make()
