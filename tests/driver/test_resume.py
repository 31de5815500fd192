"""A run that was resumed anywhere is the run that was never interrupted."""

from __future__ import annotations

import copy
import itertools
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrscope
from lrscope.schedules import constant

from .training import PLAN, held, parameter, seen, sgd, update

LONGER = lrscope.warmup(5) >> lrscope.cosine(80, floor=0.1)
CONTROL = lrscope.plateau(factor=0.5, patience=0)


def through_json(state):
    return json.loads(json.dumps(state, allow_nan=False))


def made(*, cls=torch.optim.SGD, tensor=False):
    return sgd(0.1, 0.003, cls=cls, tensor=tensor, momentum=0.9)


def driven(optimizer, plan=PLAN, **arguments):
    return lrscope.drive(
        optimizer, plan, momentum=lrscope.linear(60, end=0.5), **arguments
    )


@pytest.fixture(scope="module")
def whole():
    optimizer = made()
    driver = driven(optimizer, control=CONTROL)
    rates = seen(optimizer)
    for step in range(60):
        update(optimizer)
        if step % 7 == 6:
            driver.report(float(step % 3))
    weights = [g["params"][0].detach().clone() for g in optimizer.param_groups]
    return rates, weights, optimizer.param_groups[0]["momentum"]


@given(
    stops=st.lists(st.integers(0, 60), max_size=4),
    orders=st.lists(
        st.permutations(["drive", "optimizer", "driver"]), min_size=4, max_size=4
    ),
)
def test_a_run_resumed_at_any_points_in_any_order_is_the_uninterrupted_run(
    whole, stops, orders
):
    optimizer = made()
    driver = driven(optimizer, control=CONTROL)
    rates, done = seen(optimizer), 0
    legs = []
    for stop, order in itertools.zip_longest([*sorted(stops), 60], orders):
        if stop is None:
            break
        for step in range(done, stop):
            update(optimizer)
            if step % 7 == 6:
                driver.report(float(step % 3))
        done = stop
        legs += rates
        weights = [g["params"][0].detach().clone() for g in optimizer.param_groups]
        momentum = optimizer.param_groups[0]["momentum"]
        saved = copy.deepcopy(optimizer.state_dict()), through_json(driver.state_dict())
        optimizer, driver = _resumed(order or ["drive", "optimizer", "driver"], *saved)
        with torch.no_grad():
            for group, weight in zip(optimizer.param_groups, weights):
                group["params"][0].copy_(weight)
        rates = seen(optimizer)
    assert legs == whole[0]
    assert all(map(torch.equal, weights, whole[1]))
    assert momentum == whole[2]


def _resumed(order, optimizer_state, driver_state):
    optimizer, driver = made(), None
    waiting = False
    for each in order:
        if each == "drive":
            driver = driven(optimizer, control=CONTROL)
            if waiting:
                driver.load_state_dict(driver_state)
        elif each == "optimizer":
            optimizer.load_state_dict(copy.deepcopy(optimizer_state))
        elif driver is None:
            waiting = True  # there is nothing to load into yet
        else:
            driver.load_state_dict(driver_state)
    return optimizer, driver


@pytest.mark.parametrize("loads", [(), ("optimizer",)])
@pytest.mark.parametrize("tensor", [False, True])
def test_the_driver_state_alone_gives_the_rates(loads, tensor):
    optimizer = made(tensor=tensor)
    driver = driven(optimizer)
    update(optimizer, 20)
    state = through_json(driver.state_dict())
    other = made(tensor=tensor)
    resumed = driven(other)
    resumed.load_state_dict(state)
    if loads:
        other.load_state_dict(optimizer.state_dict())
    rates = seen(other)
    update(other, 5)
    assert rates == [[0.1 * PLAN(t), 0.003 * PLAN(t)] for t in range(20, 25)]


def test_a_state_is_the_same_after_a_round_trip():
    optimizer = made()
    driver = driven(optimizer, control=CONTROL)
    update(optimizer, 9)
    driver.report(2)
    other = driven(made(), control=CONTROL)
    other.load_state_dict(through_json(driver.state_dict()))
    assert other.state_dict() == driver.state_dict()


def at_step_20(plan=PLAN, **arguments):
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, plan, **arguments)
    update(optimizer, 20)
    return through_json(driver.state_dict())


def test_another_schedule_is_refused_with_both_and_their_difference():
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, LONGER)
    with pytest.raises(lrscope.LrscopeError) as refused:
        driver.load_state_dict(at_step_20())
    words = str(refused.value)
    assert repr(PLAN) in words
    assert repr(LONGER) in words
    assert str(PLAN.diff(LONGER)) in words
    assert '"keep new"' in words
    assert driver.step == 0
    update(optimizer)
    assert held(optimizer) == [0.1 * LONGER(0)]


@pytest.mark.parametrize("where", ["drive", "load"])
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("keep new", LONGER),
        ("keep old", PLAN),
        ("splice", PLAN[:20] >> LONGER),
    ],
)
def test_another_schedule_is_taken_as_told_and_the_choice_is_remembered(
    how, where, expected
):
    state = at_step_20()
    optimizer = sgd(0.1)
    driver = lrscope.drive(
        optimizer, LONGER, on_change=how if where == "drive" else None
    )
    driver.load_state_dict(state, how if where == "load" else None)
    rates = seen(optimizer)
    update(optimizer, 5)
    assert rates == [[0.1 * expected(t)] for t in range(20, 25)]

    optimizer = sgd(0.1)
    again = lrscope.drive(optimizer, LONGER)
    again.load_state_dict(through_json(driver.state_dict()))
    rates = seen(optimizer)
    update(optimizer, 70)
    assert rates == [[0.1 * expected(t)] for t in range(25, 95)]


def test_splicing_after_the_old_plan_has_ended_begins_now():
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, LONGER)
    driver.load_state_dict(at_step_20(lrscope.linear(10, end=0.5)), "splice")
    rates = seen(optimizer)
    update(optimizer, 3)
    assert rates == [[0.1 * LONGER(t)] for t in range(3)]
    assert driver.preview([5, 15])["all"].tolist() == [0.1 * 0.75, 0.1 * 0.5]


def resumed_rates(plan, state, how, steps):
    """Return the rates of the steps after a resume."""
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, plan, on_change=how)
    driver.load_state_dict(state)
    rates = seen(optimizer)
    update(optimizer, steps)
    return [rate for (rate,) in rates]


def largest_jump(rates):
    return max(abs(one - other) for one, other in itertools.pairwise(rates))


@given(at=st.integers(1, 44), more=st.integers(1, 60))
def test_a_run_that_goes_on_is_extended_without_a_jump(at, more):
    state = {**at_step_20(), "step": at}
    longer = PLAN.replan(at=at, to=45 + more)
    rates = resumed_rates(longer, state, "keep new", 45 + more - at)
    before = [0.1 * PLAN(step) for step in range(at + 1)]
    assert rates[0] == pytest.approx(before[-1])
    planned = [0.1 * PLAN(step) for step in range(46)]
    assert largest_jump([*before, *rates]) <= largest_jump(planned) * 1.0001
    assert 0.1 * longer(45 + more) == pytest.approx(0.1 * PLAN.final)


@given(steps=st.integers(20, 300).filter(lambda each: each != PLAN.length))
def test_a_run_that_is_over_goes_on_from_the_rate_it_ended_with(steps):
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    update(optimizer, 45)
    again = PLAN.extend(to=steps).maximum(PLAN.final)
    rates = resumed_rates(again, driver.state_dict(), "splice", steps + 1)
    ended = 0.1 * PLAN.final
    assert rates[-1] == min(rates) == pytest.approx(ended)
    planned = [0.1 * PLAN(step) for step in range(46)]
    assert max(rates) == pytest.approx(max(planned), rel=0.02)
    jump = largest_jump(planned) * max(1.0, PLAN.length / steps) * 1.2
    assert largest_jump([ended, *rates]) <= jump


def test_the_same_plan_in_other_words_is_no_other_plan():
    driver = lrscope.drive(sgd(0.1), PLAN * constant(1.0))
    driver.load_state_dict(at_step_20())
    assert driver.step == 20


def test_another_base_rate_is_refused_unless_told():
    state = at_step_20()
    for how, base in ((None, None), ("keep new", 0.5), ("keep old", 0.1)):
        optimizer = sgd(0.5)
        driver = lrscope.drive(optimizer, PLAN)
        if how is None:
            with pytest.raises(lrscope.LrscopeError, match=r"had base 0\.1, now 0\.5"):
                driver.load_state_dict(state)
            continue
        driver.load_state_dict(state, how)
        update(optimizer)
        assert held(optimizer) == [base * PLAN(20)]


@pytest.mark.parametrize("how", ["keep new", "keep old"])
def test_another_control_is_refused_unless_told(how):
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN, control=CONTROL)
    update(optimizer, 3)
    driver.report(1.0)
    driver.report(1.0)
    state = through_json(driver.state_dict())

    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    with pytest.raises(lrscope.LrscopeError, match=r"control: was plateau.* now None"):
        driver.load_state_dict(state)
    driver.load_state_dict(state, how)
    update(optimizer)
    assert held(optimizer) == [0.1 * (PLAN(3) * (0.5 if how == "keep old" else 1.0))]


@pytest.mark.parametrize("how", ["keep new", "keep old"])
def test_another_driven_number_is_refused_unless_told(how):
    state = at_step_20()
    optimizer = sgd(0.1, momentum=0.9)
    driver = driven(optimizer)
    with pytest.raises(lrscope.LrscopeError, match=r"momentum of group 'all': was not"):
        driver.load_state_dict(state)
    driver.load_state_dict(state, how)
    update(optimizer)
    factor = lrscope.linear(60, end=0.5)(20) if how == "keep new" else 1.0
    assert optimizer.param_groups[0]["momentum"] == 0.9 * factor


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("added", ["join", "restart"])
def test_a_group_that_was_added_is_restored_before_or_after_it_is_added_again(
    before, added, notices
):
    def add(optimizer):
        optimizer.add_param_group({"params": [parameter()], "lr": 0.5, "name": "head"})

    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN, added=added)
    update(optimizer, 3)
    add(optimizer)
    notices(lambda: update(optimizer, 3))
    state = through_json(driver.state_dict())

    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN, added=added)

    def resume():
        if before:
            add(optimizer)
        driver.load_state_dict(state)
        if not before:
            add(optimizer)
        update(optimizer, 2)

    assert notices(resume) == (["group-added"] if before else [])
    since = 3 if added == "restart" else 0
    assert held(optimizer) == [0.1 * PLAN(7), 0.5 * PLAN(7 - since)]


def test_groups_in_another_order_are_found_by_name():
    def made(*names):
        rates = {"body": 0.1, "head": 0.7}
        groups = [
            {"params": [parameter()], "lr": rates[each], "name": each} for each in names
        ]
        return torch.optim.SGD(groups, lr=1.0)

    optimizer = made("body", "head")
    driver = lrscope.drive(optimizer, {"body": PLAN, "head": LONGER})
    update(optimizer, 20)
    other = made("head", "body")
    resumed = lrscope.drive(other, {"body": PLAN, "head": LONGER})
    resumed.load_state_dict(driver.state_dict())
    update(other)
    assert held(other) == [0.7 * LONGER(20), 0.1 * PLAN(20)]


def with_names(names, rates=(0.1, 0.7, 0.3)):
    groups = [
        {"params": [parameter()], "lr": rate, "name": name}
        for name, rate in zip(names, rates)
    ]
    return torch.optim.SGD(groups, lr=1.0)


@pytest.mark.parametrize("put", [lrscope.drive, lambda o, s: lrscope.as_torch(s, o)])
@pytest.mark.parametrize(
    "names", [("group1", None), ("same", "same"), ("same", "same", "group0")]
)
def test_groups_whose_names_do_not_tell_them_apart_load_their_own_state(put, names):
    state = through_json(put(with_names(names), PLAN).state_dict())
    resumed = put(with_names(names), PLAN)
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state


def test_groups_that_a_checkpoint_calls_alike_are_found_by_position():
    state = lrscope.drive(with_names(["group1", None]), PLAN).state_dict()
    state["groups"][1]["name"] = "group1"  # as checkpoints had it once
    optimizer = with_names(["group1", None])
    lrscope.drive(optimizer, PLAN).load_state_dict({**state, "step": 20})
    update(optimizer)
    assert held(optimizer) == [0.1 * PLAN(20), 0.7 * PLAN(20)]


def test_a_name_that_was_made_up_is_not_taken_for_a_name_that_was_given():
    state = lrscope.drive(with_names(["group1", "x"], [0.7, 0.1]), PLAN).state_dict()
    optimizer = with_names(["same", "same"])
    driver = lrscope.drive(optimizer, PLAN)
    driver.load_state_dict({**state, "step": 20}, "keep old")
    update(optimizer)
    assert held(optimizer) == [0.7 * PLAN(20), 0.1 * PLAN(20)]


def test_groups_added_after_a_load_are_found_by_name_before_position():
    names, rates = ["body", "neck", "head"], [0.1, 0.7, 0.3]
    state = lrscope.drive(with_names(names, rates), PLAN).state_dict()
    optimizer = with_names(names[:1])
    driver = lrscope.drive(optimizer, PLAN)
    driver.load_state_dict({**state, "step": 20})
    for name, rate in (("head", 0.3), ("neck", 0.7)):
        group = {"params": [parameter()], "lr": rate, "name": name}
        optimizer.add_param_group(group)
        driver.readings()
    update(optimizer)
    assert held(optimizer) == [rate * PLAN(20) for rate in (0.1, 0.3, 0.7)]


def test_what_only_the_checkpoint_drives_is_driven_in_another_order_too():
    def made(*names):
        groups = [{"params": [parameter()], "name": each} for each in names]
        return torch.optim.SGD(groups, lr=0.1, momentum=0.9)

    optimizer = made("body", "head")
    momentum = {"body": lrscope.linear(60, end=0.5), ...: None}
    driver = lrscope.drive(optimizer, PLAN, momentum=momentum)
    update(optimizer, 20)
    other = made("head", "body")
    resumed = lrscope.drive(other, PLAN)
    resumed.load_state_dict(driver.state_dict(), "keep old")
    update(other)
    expected = 0.9 * lrscope.linear(60, end=0.5)(20)
    assert [group["momentum"] for group in other.param_groups] == [0.9, expected]


def test_what_the_group_does_not_hold_is_refused_and_changes_nothing():
    optimizer = sgd(0.1, momentum=0.9)
    driver = driven(optimizer)
    update(optimizer, 3)
    other = lrscope.drive(sgd(0.1, cls=torch.optim.Adam), LONGER)
    before = other.state_dict()
    with pytest.raises(lrscope.LrscopeError, match="has no 'momentum'"):
        other.load_state_dict(driver.state_dict(), "keep old")
    assert other.state_dict() == before


def test_a_group_that_never_comes_is_told(notices):
    optimizer = sgd(0.1, 0.2)
    driver = lrscope.drive(optimizer, PLAN)
    other = sgd(0.1)
    resumed = lrscope.drive(other, PLAN)
    resumed.load_state_dict(driver.state_dict())
    assert notices(lambda: update(other, 3)) == ["group-missing"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda _: None, "in format 1 is needed, got None"),
        (lambda state: {**state, "format": 2}, "in format 1 is needed, got 2"),
        (lambda state: {**state, "step": -1}, "needs step"),
        (lambda state: {**state, "step": 0.5}, "needs step"),
        (lambda state: {**state, "schedules": []}, "damaged"),
        (lambda state: {**state, "groups": 3}, "damaged"),
        (lambda state: {**state, "control": None}, "damaged"),
        (lambda state: {k: v for k, v in state.items() if k != "groups"}, "damaged"),
    ],
)
def test_a_damaged_state_is_refused_and_changes_nothing(damage, words):
    driver = lrscope.drive(sgd(0.1), PLAN)
    before = driver.state_dict()
    with pytest.raises(lrscope.LrscopeError, match=words):
        driver.load_state_dict(damage(at_step_20()))
    assert driver.state_dict() == before


NO_STATE = "the state of drive(…) or as_torch(…) in format 1 is needed, got "


@pytest.mark.parametrize("put", [lrscope.drive, lambda o, s: lrscope.as_torch(s, o)])
@pytest.mark.parametrize(
    ("state", "words"),
    [
        (sgd(0.1).state_dict(), "that of an optimizer (keys 'state', 'param_groups')"),
        ({"model": {}, "driver": {}}, "a dict with the keys 'model', 'driver'"),
        (dict.fromkeys(range(9), 0), "a dict with the keys 0, 1, 2, 3, 4, 5, …"),
        ({}, "an empty dict"),
        ("run.pt", "'run.pt'"),
        (torch.ones(99), "Tensor"),
    ],
)
def test_a_state_of_something_else_is_named(put, state, words):
    driven = put(sgd(0.1), PLAN)
    before = driven.state_dict()
    with pytest.raises(lrscope.LrscopeError) as refused:
        driven.load_state_dict(state)
    assert str(refused.value) == NO_STATE + words
    assert driven.state_dict() == before


@pytest.mark.parametrize("put", [lrscope.drive, lambda o, s: lrscope.as_torch(s, o)])
def test_a_plan_that_cannot_be_saved_is_said_before_anything_is_trained(put):
    plan = lrscope.warmup(5) >> lrscope.schedules.function(lambda step: 0.9**step)
    optimizer = sgd(0.1, 0.2)
    with pytest.warns(UserWarning, match="no-checkpoint") as said:
        driven = put(optimizer, {0: plan, ...: plan})
    assert [each.filename for each in said] == [__file__]
    assert "define it with def in a module" in str(said[0].message)
    update(optimizer)
    with pytest.raises(lrscope.ScheduleError, match="cannot be written"):
        driven.state_dict()


def test_a_warning_that_is_an_error_leaves_the_optimizer_as_it_was():
    optimizer = sgd(0.1)
    with pytest.raises(UserWarning, match="no-checkpoint"):
        lrscope.drive(optimizer, lrscope.schedules.function(lambda _: 1.0))
    lrscope.drive(optimizer, PLAN)


def test_a_choice_that_does_not_exist_is_refused():
    with pytest.raises(lrscope.LrscopeError, match="'keep new', 'keep old', 'splice'"):
        lrscope.drive(sgd(0.1), PLAN, on_change="whatever")


def test_a_step_far_away_is_resumed_like_any_other():
    plan = lrscope.warmup(5) >> lrscope.cosine(2 * 10**9)
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, plan)
    driver.load_state_dict({**driver.state_dict(), "step": 10**9})
    rates = seen(optimizer)
    update(optimizer, 200)
    assert rates == [[0.1 * plan(10**9 + t)] for t in range(200)]
