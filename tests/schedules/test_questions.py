"""Peak, end, first step and sum are what looking at every step would give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lrscope import schedules as s
from lrscope.errors import ScheduleError

from .table import TABLE, TREES

FAR = 4_000
"""More steps than any schedule of the table needs to show all it has."""

each_shape = pytest.mark.parametrize("name", TABLE)
FEW = settings(max_examples=40)


def close(one, other):
    return math.isclose(one, other, rel_tol=1e-14, abs_tol=1e-300)


@each_shape
@FEW
@given(data=st.data())
def test_the_peak_of_a_shape_is_its_highest_value(name, data):
    schedule = data.draw(TABLE[name])
    endless = name in ("noise", "function") or getattr(schedule, "scale", None)
    if endless and schedule.length is None:
        with pytest.raises(ScheduleError, match="never settles"):
            _ = schedule.peak
        return
    peak = schedule.peak
    values = schedule(np.arange(FAR))
    if schedule.settles is None or schedule.settles > FAR:
        assert values.max() <= peak * (1 + 1e-15)
        assert peak in values or peak == pytest.approx(1.0) or name == "exponential"
    else:
        assert close(values.max(), peak)


@settings(max_examples=200)
@given(schedule=TREES)
def test_peak_and_lowest_of_any_schedule_are_found_in_any_range(schedule):
    values = schedule(np.arange(FAR))
    if schedule.settles is not None and schedule.settles < FAR:
        assert close(schedule.peak, values.max())
        assert close(schedule.highest(), values.max())
        assert close(schedule.lowest(), values.min())
    for start, stop in ((0, 1), (0, 50), (7, 8), (13, 400), (399, 2_000)):
        assert close(schedule.highest(start, stop), values[start:stop].max())
        assert close(schedule.lowest(start, stop), values[start:stop].min())


@settings(max_examples=200)
@given(schedule=TREES)
def test_a_schedule_with_an_end_has_settled_there_or_never_does(schedule):
    if schedule.length is not None:
        assert schedule.settles is None or schedule.settles <= schedule.length
        values = schedule(np.arange(schedule.length + 1))
        assert close(schedule.peak, values.max())
        assert close(schedule.sum(), math.fsum(values[:-1]))


@settings(max_examples=200)
@given(schedule=TREES, limit=st.floats(0, 3), data=st.data())
def test_the_first_step_at_a_limit_is_the_first_one(schedule, limit, data):
    values = schedule(np.arange(300))
    if data.draw(st.booleans()):
        limit = float(values[data.draw(st.integers(0, 299))])
    for words, hits in (
        ({"at_least": limit}, values >= limit),
        ({"at_most": limit}, values <= limit),
    ):
        found = schedule.first_step(**words, stop=300)
        expected = int(hits.argmax()) if hits.any() else None
        if found != expected:
            # a form that rises may go back by a rounding
            assert found is not None
            assert expected is not None
            between = values[min(found, expected) : max(found, expected) + 1]
            assert np.ptp(between) <= 4 * np.spacing(np.abs(between).max())


@settings(max_examples=100)
@given(schedule=TREES)
def test_the_first_step_is_found_without_a_stop_where_the_schedule_settles(schedule):
    assume(schedule.settles is not None)
    assume(schedule.settles < FAR)
    values = schedule(np.arange(FAR))
    middle = float((values.max() + values.min()) / 2)
    hits = values >= middle
    found = schedule.first_step(at_least=middle)
    assert found == (int(hits.argmax()) if hits.any() else None)
    assert schedule.first_step(at_least=float(values.max()) + 1) is None


@settings(max_examples=100)
@given(schedule=TREES, start=st.integers(0, 400), size=st.integers(0, 400))
def test_the_sum_is_that_of_every_step(schedule, start, size):
    found = schedule.sum(start, start + size)
    assert close(found, math.fsum(schedule(np.arange(start, start + size))))
    if schedule.length is not None:
        assert close(schedule.sum(), math.fsum(schedule(np.arange(schedule.length))))


MANY = 3 << 20


@pytest.mark.parametrize("start", [0, 5, MANY // 7])
@pytest.mark.parametrize("stop", [MANY // 2, MANY - 1, MANY, 2 * MANY])
@pytest.mark.parametrize(
    "schedule",
    [
        s.cosine(MANY),
        s.cosine(MANY, floor=0.1),
        s.linear(MANY, 0.2, 3.0),
        s.warmup(MANY, 0.0),
        s.warmup(MANY // 2) >> s.cosine(MANY // 2),
        s.warmup(500, shape="cosine") >> s.constant(steps=MANY // 2) >> s.decay(MANY),
    ],
    ids=repr,
)
def test_the_sum_of_many_steps_is_that_of_every_step(schedule, start, stop):
    exact = math.fsum(schedule(np.arange(start, stop)))
    assert math.isclose(schedule.sum(start, stop), exact, rel_tol=1e-13)


def test_the_sum_of_a_long_chain_is_that_of_its_parts():
    plan = s.warmup(10**6) >> s.cosine(10**12, floor=0.1)
    assert plan.sum() == pytest.approx(500_000 + 0.55e12 + 0.45, rel=1e-15)
    assert plan.equals(s.parse(repr(plan)))
    assert s.constant(0.5, steps=2**50).sum() == 2**49


@given(schedule=TREES)
def test_the_final_value_is_the_one_it_settles_at(schedule):
    if schedule.settles is None:
        assert schedule.final is None
    else:
        assert schedule.final == schedule(2**53)


def test_a_deep_plan_is_asked_without_asking_its_parts_again_and_again():
    plan = s.warmup(5) >> s.cosine(20, floor=0.1)
    for _ in range(40):
        plan = (plan * s.noise(0.01)).minimum(1.5).hold(every=1) + 0.001
        plan = plan.shift(1)[1:].clip(high=2.0)
    assert plan.length == 25
    assert plan.settles is None
    assert close(plan.peak, plan(np.arange(26)).max())
    assert plan.first_step(at_least=1.0) == plan.first_step(at_least=1.0, stop=26)


ENDLESS = [
    (s.constant(0.5), 0.5),
    (s.exponential(0.9), 1.0),
    (s.step_decay(10), 1.0),
    (s.inverse_sqrt(10), 1.0),
    (s.noam(100), 1.0),
    (s.cosine_wave(100, floor=0.1), 1.0),
    (s.warmup(10) >> s.cosine_wave(100), 1.0),
    (0.5 * s.cosine_wave(100), 0.5),
    (s.cosine_wave(7).hold(every=3), 1.0),
    (s.cosine_wave(10).shift(3), 1.0),
    (s.cosine_wave(10).absolute(3e-4), 3e-4),
    (s.cyclic(10, 20), 1.0),
    (s.cyclic(10, 20, mode="triangular2"), 1.0),
    (s.cyclic(10, 20, mode="exp_range", gamma=0.9), 0.25 + 0.75 * 0.9**10),
    (s.cosine_restarts(100), 1.0),
    (s.cosine_restarts(100, grow=2.0), 1.0),
    (s.cosine_restarts(100, scale=0.5), 1.0),
    (s.cosine_restarts(100, scale=0.5, warmup_steps=10), 1.0),
    (s.warmup(10) >> s.cosine_restarts(100, scale=0.5), 1.0),
    (s.warmup_inverse_sqrt(500), 1.0),
    (s.radam_warmup(), 1.0),
]


@pytest.mark.parametrize(("schedule", "peak"), ENDLESS, ids=repr)
def test_the_peak_of_an_endless_schedule_is_known(schedule, peak):
    assert schedule.length is None
    assert schedule.peak == pytest.approx(peak, rel=1e-15)


def test_the_peak_of_endless_noise_is_not_guessed():
    with pytest.raises(ScheduleError, match="never settles; say how far"):
        _ = s.noise(0.1).peak
    assert 1.0 < s.noise(0.1).highest(stop=1000) <= 1.1


UNEVEN = [
    s.one_cycle(10, pct_start=0.25).repeat(grow=2.0),
    s.linear(5, 0.0, 1.0).repeat(grow=1.5, scale=0.99),
    (s.warmup(5) >> s.cosine(5)).repeat(grow=2.0).hold(every=7),
    (s.warmup(5) >> s.cosine(5)).repeat(grow=2.0)[6:],
    s.cosine(10).repeat(grow=2.0)[5:],
    s.cosine(10).repeat(grow=2.0) / -2,
]


@pytest.mark.parametrize("schedule", UNEVEN, ids=repr)
def test_the_peak_of_repetitions_that_grow_is_not_taken_from_the_first_one(schedule):
    with pytest.raises(ScheduleError, match="never settles; say how far"):
        _ = schedule.peak
    values = schedule(np.arange(FAR))
    assert close(schedule.highest(stop=FAR), values.max())


def test_an_endless_rise_has_no_highest_value_but_infinity():
    rise = s.exponential(1.5)
    assert rise.peak == rise(10**6) == rise([10**6])[0] == math.inf
    assert (s.cosine(5).repeat(scale=1e9) * 1e300)(10**6) == math.inf


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: s.cosine(5).first_step(), "either at_least=… or at_most=…"),
        (lambda: s.cosine(5).first_step(at_least=1, at_most=0), "either at_least"),
        (lambda: s.cosine(5).first_step(at_least=math.nan), "finite"),
        (lambda: s.constant().sum(), "endless; say where the sum stops"),
        (lambda: s.cosine(5).sum(9, 3), "sum needs start <= stop, got 9 and 3"),
        (lambda: s.cosine(5).diff(s.cosine(6), tolerance=-1), "tolerance >= 0"),
        (lambda: s.cosine(5).diff(0.5), r"compared with a schedule.*constant\(\)"),
        (lambda: s.cosine(5).equals(None), "compared with a schedule, got None"),
        (lambda: s.cosine(5).sum(-1), "start to be a whole number >= 0"),
        (lambda: s.cosine(5).highest(5, 5), "start < stop"),
        (lambda: s.cosine(5).lowest(0.5), "start to be a whole number"),
        (lambda: s.noise(0.1).highest(stop=10**12), "takes too long"),
    ],
)
def test_a_question_without_an_answer_says_what_to_ask(ask, words):
    with pytest.raises(ScheduleError, match=words):
        ask()


@settings(max_examples=60)
@given(one=TREES, other=TREES, horizon=st.integers(1, 300))
def test_a_difference_is_the_first_step_where_values_differ(one, other, horizon):
    steps = np.arange(horizon)
    apart = np.abs(one(steps) - other(steps))
    found = one.diff(other, horizon=horizon)
    if found is None:
        assert not apart.any()
        assert one.equals(other, horizon=horizon)
    else:
        assert found.step == int((apart > 0).argmax())
        assert found.largest == apart.max()
        assert apart[found.largest_step] == apart.max()
        assert (found.ours, found.theirs) == (one(found.step), other(found.step))


@given(one=st.floats(0.1, 1), by=st.integers(1, 10**12))
def test_a_difference_is_told_in_numbers_that_differ(one, by):
    other = one + by * math.ulp(one)
    found = str(s.constant(one).diff(s.constant(other), horizon=1))
    ours, theirs = (
        found.removeprefix("they part at step 0: ").split(";")[0].split(" and ")
    )
    assert float(ours) == pytest.approx(one, rel=1e-5)
    assert ours != theirs


def test_a_difference_needs_a_horizon_if_a_schedule_never_settles():
    with pytest.raises(ScheduleError, match="say how far to compare: horizon"):
        s.cosine(5).diff(s.exponential(0.9))
    with pytest.raises(ScheduleError, match="one is a factor and one a rate"):
        s.cosine(5).diff(s.cosine(5).absolute(1e-3))
