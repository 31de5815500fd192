"""Lengths in epochs, percents, samples and tokens become steps by a clock."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrscope import schedules as s
from lrscope.errors import ScheduleError
from lrscope.schedules.amount import Amount

CLOCK = s.Clock(
    steps_per_epoch=100, total_steps=2_000, samples_per_step=64, tokens_per_step=4_096
)

IN_UNITS = [
    (s.cosine("3ep"), s.cosine(300)),
    (s.cosine("1.5 epochs"), s.cosine(150)),
    (s.cosine("10%"), s.cosine(200)),
    (s.cosine("6_400 samples"), s.cosine(100)),
    (s.cosine("4.096e6 tokens"), s.cosine(1_000)),
    (s.cosine("7 steps"), s.cosine(7)),
    (s.step_decay("2ep", 0.5), s.step_decay(200, 0.5)),
    (s.multistep(["30%", "16ep"]), s.multistep([600, 1_600])),
    (
        s.piecewise_constant(["1ep", 150], [1, 2, 3]),
        s.piecewise_constant([100, 150], [1, 2, 3]),
    ),
    (s.piecewise_linear([(0, 1), ("3ep", 0)]), s.piecewise_linear([(0, 1), (300, 0)])),
    (s.cyclic("1ep", "50%"), s.cyclic(100, 1_000)),
    (s.noam("1ep"), s.noam(100)),
    (s.hyperbolic("50%", "100%"), s.hyperbolic(1_000, 2_000)),
    (s.cosine("1ep").repeat(3), s.cosine(100).repeat(3)),
    (0.5 * s.cosine("1ep"), 0.5 * s.cosine(100)),
    (s.cosine("1ep").hold(every="0.1ep"), s.cosine(100).hold(every=10)),
    (s.cosine("1ep").hold(every="0.01ep"), s.cosine(100)),
    (s.cosine("1ep").shift("50 steps"), s.cosine(100).shift(50)),
    (s.cosine("90ep - 500 steps"), s.cosine(8_500)),
    (s.cosine("5ep + 10% - 64 samples - 1 step"), s.cosine(698)),
    (s.cosine(Amount.parse("cosine needs steps", "3ep")), s.cosine(300)),
    (s.cosine("3ep")["1ep":"2ep"], s.cosine(300)[100:200]),
    (s.cosine(300)["1ep":], s.cosine(300)[100:]),
    (s.cosine("3ep")[100:], s.cosine(300)[100:]),
    (s.cosine("3ep")[:"9ep"], s.cosine(300)[:900]),
    (s.cosine("3ep")["1ep":]["1ep":], s.cosine(300)[200:]),
    (s.cosine("3ep").extend(to="20ep"), s.cosine(2_000)),
    (s.cosine(300).extend(to="20ep"), s.cosine(2_000)),
    (s.cosine("3ep").extend(to=2_000), s.cosine(2_000)),
    (
        (s.warmup("1ep") >> s.cosine("9ep")).replan(at="5ep", to="20ep"),
        (s.warmup(100) >> s.cosine(900)).replan(at=500, to=2_000),
    ),
    (
        (s.warmup(100) >> s.cosine(900)).replan(at="5ep", to=2_000),
        (s.warmup(100) >> s.cosine(900)).replan(at=500, to=2_000),
    ),
    (s.warmup_constant("5ep"), s.warmup_constant(500)),
    (s.warmup_linear("100%", "5ep"), s.warmup_linear(2_000, 500)),
    (s.warmup_cosine("20ep", "5ep", floor=0.1), s.warmup_cosine(2_000, 500, floor=0.1)),
    (s.warmup_cosine(2_000, "5%"), s.warmup_cosine(2_000, 100)),
    (s.warmup_cosine("20ep", 0), s.warmup_cosine(2_000, 0)),
    (s.warmup_polynomial("100%", "6400 samples"), s.warmup_polynomial(2_000, 100)),
    (s.warmup_inverse_sqrt("1ep"), s.warmup_inverse_sqrt(100)),
    (s.warmup_stable_decay("100%", "1ep", 50), s.warmup_stable_decay(2_000, 100, 50)),
    (s.trapezoid("20ep", "1ep", "10%"), s.trapezoid(2_000, 100, 200)),
    (s.flat_cosine("100%", "72%"), s.flat_cosine(2_000, 1_440)),
    (
        s.cosine_restarts("5ep", warmup_steps="1ep", scale=0.5, floor=0.1, cycles=3),
        s.cosine_restarts(500, warmup_steps=100, scale=0.5, floor=0.1, cycles=3),
    ),
]


@pytest.mark.parametrize(("schedule", "steps"), IN_UNITS, ids=repr)
def test_a_clock_turns_units_into_steps(schedule, steps):
    assert schedule.on(CLOCK) == steps
    assert steps.on(s.Clock()) == steps
    assert s.parse(repr(schedule)) == schedule
    assert s.from_json(s.to_json(schedule)) == schedule
    for ask in (
        lambda: schedule(3),
        lambda: schedule([3]),
        lambda: schedule.peak,
        lambda: schedule.highest(stop=5),
        lambda: schedule.sum(stop=5),
        lambda: schedule.diff(steps),
    ):
        with pytest.raises(ScheduleError, match="in other units than steps"):
            ask()


ITSELF = [
    lambda n: s.cosine(n(5)),
    lambda n: s.warmup(n(3)) >> s.cosine(n(4)),
    lambda n: s.inverse_sqrt(n(2))[: n(9)],
    lambda n: s.warmup_cosine(n(8), n(3)),
    lambda n: s.linear(n(3)) >> s.constant(0.5, n(4)),
]
CHANGES = [
    lambda a, _: a >> a,
    lambda a, n: a * s.cosine(n(4)),
    lambda a, n: a.shift(n(2)),
    lambda a, n: a.hold(every=n(1)),
    lambda a, n: a[n(1) : n(3)],
    lambda a, n: a[n(1) :],
    lambda a, n: a.extend(to=n(6)),
    lambda a, n: a.extend(to=n(6)).replan(at=n(2), to=n(9)),
    lambda a, _: a.repeat(2, grow=2.0),
    lambda a, _: a.reverse().stretch(1.5),
    lambda a, n: a.minimum(s.warmup(n(2))).clip(low=0.1),
]
SPELLINGS = [
    lambda n: n * 10,
    lambda n: f"{n}ep",
    lambda n: f"{n * 10} steps",
    lambda n: f"{n * 80} samples",
    lambda n: f"{n + 1}ep - 1%",
    lambda n: f"{n}% + {n - 1}ep - {n * 10 - 10} steps" if n > 1 else "1%",
]


def outcome(make):
    """Return what is made, or the reason why nothing is."""
    try:
        return make()
    except ScheduleError as error:
        return str(error)


@settings(max_examples=150)
@given(
    start=st.sampled_from(ITSELF),
    changes=st.lists(st.sampled_from(CHANGES), max_size=3),
    spell=st.sampled_from(SPELLINGS),
)
def test_whatever_is_made_in_units_is_what_is_made_in_steps(start, changes, spell):
    clock = s.Clock(steps_per_epoch=10, total_steps=1_000, samples_per_step=8)

    def made(length):
        plan = start(length)
        for change in changes:
            plan = change(plan, length)
        return plan

    in_units = made(spell)
    assert s.parse(repr(in_units)) == in_units
    assert s.from_json(s.to_json(in_units)) == in_units
    in_steps = outcome(lambda: made(SPELLINGS[0]))
    assert outcome(lambda: made(spell).on(clock)) == in_steps


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: s.cosine(5).on(5), r"put on a clock, got 5: schedule\.on\(Clock\("),
        (lambda: s.cosine(5).on(None), "put on a clock, got None"),
        (lambda: (s.cosine(5) >> s.cosine(6)).on(5), "put on a clock, got 5"),
        (lambda: s.constant(steps="1ep").settles, "in other units than steps"),
        (lambda: s.cosine("5ep - 600 steps").on(CLOCK), "leaves no step on .* -100"),
        (lambda: s.cosine("5ep - 5ep").on(CLOCK), "leaves no step"),
        (lambda: s.cosine("- 5ep"), "text with a unit: '3ep'"),
        (lambda: s.cosine("5ep -"), "text with a unit"),
        (lambda: s.cosine("5ep * 3"), "text with a unit"),
        (
            lambda: s.cosine("5ep - 5%").on(s.Clock(steps_per_epoch=1)),
            r"'5%' needs a clock that knows total_steps.*--clock total_steps=",
        ),
        (
            lambda: s.warmup_cosine("5ep", "90ep"),
            r"total_steps > warmup_steps \(90ep\), got 5ep",
        ),
        (
            lambda: s.warmup_cosine("5ep", "5ep"),
            r"total_steps > warmup_steps \(5ep\), got 5ep",
        ),
        (lambda: s.warmup_cosine("5ep", "x"), "warmup_cosine needs warmup_steps as"),
        (lambda: s.warmup_cosine("5ep", 501).on(CLOCK), "leaves no step"),
        (lambda: s.cosine(5).repeat("3ep"), "got '3ep'; it counts no steps"),
        (lambda: s.noise(0.1, seed="3ep"), "got '3ep'; it counts no steps"),
        (lambda: s.cosine(5).stretch("3ep"), r"extend\(to='3ep'\)"),
        (lambda: s.cosine(5).sum(stop="3ep"), r"Clock\(…\)\.steps\('3ep'\)"),
        (lambda: s.cosine(5).first_step(at_least=1, stop="3ep"), r"\.steps\('3ep'\)"),
        (lambda: s.cosine(5).diff(s.cosine(6), horizon="3ep"), r"\.steps\('3ep'\)"),
        (lambda: s.cosine(5)("3ep"), r"\.steps\('3ep'\)"),
    ],
)
def test_a_unit_that_cannot_be_turned_into_steps_is_refused_in_words(make, words):
    with pytest.raises(ScheduleError, match=words):
        make()


def test_amounts_of_one_unit_are_taken_from_each_other_exactly():
    for total, part, left in (
        ("90ep", "4.5ep", "85.5ep"),
        ("100%", "0.1%", "99.9%"),
        ("1e6 samples", "2e5 samples", "800000 samples"),
        ("1e99 samples", "1 sample", "1e99 samples - 1 samples"),
        ("3e98 tokens", "1e98 tokens", "2e+98 tokens"),
        ("90ep - 1ep", "2% - 1ep", "90ep - 2%"),
    ):
        plan = s.warmup(part) >> s.cosine(left)
        assert s.warmup_cosine(total, part) == plan
        assert s.parse(repr(plan)) == plan


def test_milestones_that_a_clock_puts_out_of_order_are_refused():
    with pytest.raises(ScheduleError, match="rising order"):
        s.multistep(["16ep", "30%"]).on(CLOCK)


@given(total=st.integers(20, 10**6), shares=st.lists(st.integers(1, 97), min_size=1))
def test_shares_of_a_run_add_up_to_the_run(total, shares):
    while sum(shares) > 99:
        shares = shares[:-1] or [50]
    left = 100 - sum(shares)
    plan = s.cosine(f"{left}%")
    for each in shares:
        plan = s.constant(steps=f"{each}%") >> plan
    found = plan.on(s.Clock(total_steps=total))
    if total >= 100:
        assert found.length == total


def test_a_part_of_less_than_half_a_step_is_refused():
    with pytest.raises(ScheduleError, match="less than half a step"):
        s.multistep(["1 sample"]).on(CLOCK)
