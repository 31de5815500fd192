"""Measuring stays within its budget, and ranks that choose alone choose alike."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lrscope.capture.effective import pace
from lrscope.capture.effective.wanted import Wanted

ALWAYS = {0, 1, 2, 4, 8, 16, 32, 128, 512, 2048}
"""Steps that are measured whatever it costs, of the first 3000."""


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(pace, "time", made)
    return made


def simulated(budget, step_time, cost, steps, *, others=0, clock=None):
    """Return the measured steps of a training, and (elapsed, spent) after each.

    Args:
        budget: share of the time.
        step_time: seconds that each step takes, a function of nothing.
        cost: of measuring one, likewise.
        steps: how many.
        others: optimizers beside this one, stepping in turns.
        clock: what tells the time.
    """
    account = pace.Account()
    paces = [pace.Pace(Wanted(budget=budget), account) for _ in range(1 + others)]
    due = [0] * len(paces)
    began, found, told, spent = clock.now, [], [], 0.0
    for step in range(steps):
        for number, each in enumerate(paces):
            if step == due[number]:
                took = cost()
                clock.now += took
                spent += took
                ahead = each.steps_to_next(step, took)
                assert ahead >= 1
                due[number] = step + ahead
                if number == 0:
                    found.append(step)
                    told.append((clock.now - began, spent))
            clock.now += step_time()
    return found, told


@example(budget=0.1, step_time=1.0, ratio=4.0)
@given(
    budget=st.sampled_from([0.001, 0.01, 0.1, 1.0]),
    step_time=st.floats(1e-5, 10.0),
    ratio=st.floats(1e-4, 100.0),
)
def test_beyond_what_is_always_measured_it_never_takes_more_than_its_share(
    budget, step_time, ratio
):
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "time", clock)
        cost = ratio * step_time
        found, told = simulated(
            budget, lambda: step_time, lambda: cost, 3000, clock=clock
        )
    assert set(found) >= ALWAYS
    for step, (elapsed, spent) in zip(found, told, strict=True):
        if step not in ALWAYS:
            assert spent <= budget * (elapsed + 2 * cost) * (1 + 1e-6), step
    assert all(
        after - before <= max(1, 3 * before)
        for before, after in itertools.pairwise(found)
    )


@given(seed=st.integers(0, 1000), others=st.integers(0, 3))
def test_with_uneven_steps_and_costs_it_stays_near_its_share(seed, others):
    chance = random.Random(seed)
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "time", clock)
        found, told = simulated(
            0.01,
            lambda: chance.expovariate(1000.0),
            lambda: chance.uniform(0.5e-3, 2e-3),
            20_000 // (1 + others),
            others=others,
            clock=clock,
        )
    elapsed, spent = told[-1]
    assert spent <= 0.02 * elapsed + 16e-3 * 2 * (1 + others)
    assert len(found) > 15


def test_a_budget_that_is_ample_has_every_step_measured(clock):
    found, _ = simulated(0.5, lambda: 1.0, lambda: 1e-3, 100, clock=clock)
    assert found == list(range(100))


def test_most_of_the_budget_is_used(clock):
    found, told = simulated(0.01, lambda: 0.1, lambda: 0.1, 100_000, clock=clock)
    elapsed, spent = told[-1]
    assert 0.004 * elapsed < spent <= 0.0102 * elapsed
    assert len(found) > 400


def test_recording_takes_its_part_of_the_budget_and_leaves_half_of_it(clock):
    found, told = simulated(0.01, lambda: 1e-3, lambda: 1e-3, 100_000, clock=clock)
    elapsed, spent = told[-1]
    assert 0.002 * elapsed < spent <= 0.0052 * elapsed
    assert len(found) > 200


def test_a_pause_before_the_first_step_earns_nothing(clock):
    account = pace.Account()
    clock.now += 1000.0
    one = pace.Pace(Wanted(), account)
    clock.now += 1e-3
    one.steps_to_next(0, 1e-3)
    clock.now += 1e-3
    one.steps_to_next(1, 1e-3)
    clock.now += 8e-3
    assert one.steps_to_next(10, 1e-3) == 6


@pytest.mark.parametrize("period", [2, 3, 4, 8])
@pytest.mark.parametrize("ratio", [0.1, 1.0])
def test_groups_that_take_turns_are_all_measured(period, ratio, clock):
    found, _ = simulated(0.01, lambda: 0.1, lambda: 0.1 * ratio, 20_000, clock=clock)
    counts = [sum(step % period == turn for step in found) for turn in range(period)]
    assert min(counts) > 0.5 * len(found) / period


@given(level=st.integers(1, 30), run=st.integers(0, 1 << 30))
def test_a_sparser_choice_is_part_of_every_denser_one(level, run):
    step = pace.chosen(level, run)
    assert step >> level == run
    assert step == pace.chosen(level - 1, step >> (level - 1))


@pytest.mark.parametrize("every", [1, 3, 100])
def test_every_kth_step_is_a_multiple_of_k(every, clock):
    one = pace.Pace(Wanted(every=every), pace.Account())
    step, found = 0, []
    while step < 1000:
        found.append(step)
        step += one.steps_to_next(step, 123.0)
    assert found == list(range(0, 1000, every))


@given(ratios=st.lists(st.floats(1e-3, 10.0), min_size=2, max_size=4))
def test_what_the_slowest_rank_measures_the_others_nearly_always_do(ratios):
    """Where ranks differ, the coarser grid is part of the finer one."""
    chosen = []
    for ratio in ratios:
        clock = Clock()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pace, "time", clock)
            found, _ = simulated(
                0.01, lambda: 1e-3, lambda r=ratio: r * 1e-3, 4000, clock=clock
            )
        chosen.append(set(found))
    common = set.intersection(*chosen)
    assert common >= ALWAYS
    least = min(chosen, key=len)
    assert len(common) >= len(least) / 2
