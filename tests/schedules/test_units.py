"""Lengths in epochs, percents, samples and tokens become steps by a clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrscope import schedules as s
from lrscope.errors import ScheduleError

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
]


@pytest.mark.parametrize(("schedule", "steps"), IN_UNITS, ids=repr)
def test_a_clock_turns_units_into_steps(schedule, steps):
    assert schedule.on(CLOCK) == steps
    assert steps.on(s.Clock()) == steps
    assert s.parse(repr(schedule)) == schedule
    assert s.from_json(s.to_json(schedule)) == schedule
    with pytest.raises(ScheduleError, match="in other units than steps"):
        schedule(3)
    with pytest.raises(ScheduleError, match="in other units than steps"):
        schedule([3])


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
