"""A schedule that frameworks take for a scheduler of torch."""

from __future__ import annotations

import copy
import itertools
import json
import pickle

import pytest
import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, LRScheduler

import lrscope

from .training import PLAN, held, parameter, sgd, update

LONGER = lrscope.warmup(5) >> lrscope.cosine(80, floor=0.1)


def train(optimizer, scheduler, count):
    rates = []
    for _ in range(count):
        update(optimizer)
        rates.append(held(optimizer))
        scheduler.step()
    return rates


@pytest.mark.parametrize("tensor", [False, True])
def test_it_is_a_scheduler_of_torch_that_follows_the_schedule(tensor):
    optimizer = sgd(0.1, 0.003, tensor=tensor)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    assert isinstance(scheduler, LRScheduler)
    rates = train(optimizer, scheduler, 50)
    assert rates == [[0.1 * PLAN(t), 0.003 * PLAN(t)] for t in range(50)]
    assert [float(each) for each in scheduler.get_last_lr()] == held(optimizer)
    assert scheduler.get_lr() == held(optimizer)  # and no warning


def test_it_agrees_with_lambda_lr():
    optimizer, other = sgd(0.1), sgd(0.1)
    mine = train(optimizer, lrscope.as_torch(PLAN, optimizer), 50)
    theirs = train(other, LambdaLR(other, PLAN), 50)
    assert mine == theirs


def test_groups_may_follow_schedules_of_their_own():
    optimizer = sgd(0.1, 0.2, 0.3)
    plan = {0: PLAN, 1: PLAN.absolute(0.7), ...: None}
    rates = train(optimizer, lrscope.as_torch(plan, optimizer), 20)
    assert rates == [[0.1 * PLAN(t), 0.7 * PLAN(t), 0.3] for t in range(20)]


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize(
    "order", list(itertools.permutations(["make", "optimizer", "load"]))
)
def test_any_order_of_making_and_loading_gives_the_same_rates(order, initial):
    optimizer = sgd(0.1, 0.003)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    train(optimizer, scheduler, 20)
    saved = copy.deepcopy(optimizer.state_dict())
    if not initial:  # some ways of saving lose it
        for group in saved["param_groups"]:
            del group["initial_lr"]
    state = json.loads(json.dumps(scheduler.state_dict()))

    optimizer, scheduler, waiting = sgd(0.1, 0.003), None, False
    for each in order:
        if each == "optimizer":
            optimizer.load_state_dict(saved)
        elif each == "make":
            scheduler = lrscope.as_torch(PLAN, optimizer)
            if waiting:
                scheduler.load_state_dict(state)
        elif scheduler is None:
            waiting = True
        else:
            scheduler.load_state_dict(state)
    rates = train(optimizer, scheduler, 20)
    assert rates == [[0.1 * PLAN(t), 0.003 * PLAN(t)] for t in range(20, 40)]


def test_it_goes_on_from_last_epoch_as_torch_does():
    optimizer, other = sgd(0.1), sgd(0.1)
    for each in (optimizer, other):
        each.param_groups[0]["initial_lr"] = 0.1
    mine = train(optimizer, lrscope.as_torch(PLAN, optimizer, last_epoch=19), 5)
    assert mine == train(other, LambdaLR(other, PLAN, last_epoch=19), 5)
    with pytest.raises(KeyError, match="initial_lr"):
        lrscope.as_torch(PLAN, sgd(0.1), last_epoch=19)


def test_its_state_has_one_size_and_loads_with_weights_only(tmp_path):
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    first = scheduler.state_dict()
    train(optimizer, scheduler, 100)
    torch.save(scheduler.state_dict(), tmp_path / "state.pt")
    loaded = torch.load(tmp_path / "state.pt", weights_only=True)
    assert loaded == scheduler.state_dict()
    assert len(json.dumps(loaded)) < len(json.dumps(first)) + 40


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
)
def test_a_copy_goes_on_by_itself(again):
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    train(optimizer, scheduler, 10)
    other = again(scheduler)
    assert other.optimizer is not optimizer
    other.step()
    assert held(other.optimizer) == [0.1 * PLAN(11)]
    assert held(optimizer) == [0.1 * PLAN(10)]


@pytest.mark.parametrize(
    ("how", "expected"),
    [("keep new", LONGER), ("keep old", PLAN), ("splice", PLAN[:20] >> LONGER)],
)
def test_another_schedule_is_refused_unless_told(how, expected):
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    train(optimizer, scheduler, 20)
    state = scheduler.state_dict()
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(LONGER, optimizer)
    with pytest.raises(lrscope.LrscopeError, match="follows another plan"):
        scheduler.load_state_dict(state)
    scheduler.load_state_dict(state, how)
    rates = train(optimizer, scheduler, 5)
    assert rates == [[0.1 * expected(t)] for t in range(20, 25)]


def test_a_group_added_later_follows_with_its_own_base_and_it_is_told(notices):
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    train(optimizer, scheduler, 10)
    optimizer.add_param_group({"params": [parameter()], "lr": 0.5})
    assert notices(scheduler.step) == ["group-added"]
    assert held(optimizer) == [0.1 * PLAN(11), 0.5 * PLAN(11)]
    assert scheduler.base_lrs == [0.1, 0.5]


def test_the_state_of_another_scheduler_is_refused_in_words():
    other = ExponentialLR(sgd(0.1), 0.5)
    scheduler = lrscope.as_torch(PLAN, sgd(0.1))
    with pytest.raises(lrscope.LrscopeError, match=r"or as_torch\(…\)"):
        scheduler.load_state_dict(other.state_dict())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"step": -5}, "needs step to be a whole number >= 0, got -5"),
        ({"step": 2.5}, "needs step to be a whole number"),
        ({"_step_count": None}, "needs _step_count to be a whole number"),
        ({"format": 99}, "in format 1 is needed, got 99"),
        ({"schedules": None}, "damaged: TypeError"),
    ],
)
def test_a_damaged_state_is_refused_and_changes_nothing(damage, words):
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    before = scheduler.state_dict()
    with pytest.raises(lrscope.LrscopeError, match=words):
        scheduler.load_state_dict({**before, **damage})
    assert scheduler.state_dict() == before
    assert held(optimizer) == [0.1 * PLAN(0)]


def test_another_base_rate_is_refused_unless_told():
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    train(optimizer, scheduler, 20)
    state = scheduler.state_dict()
    for how, base in ((None, None), ("keep new", 0.5), ("keep old", 0.1)):
        optimizer = sgd(0.5)
        scheduler = lrscope.as_torch(PLAN, optimizer)
        if how is None:
            with pytest.raises(lrscope.LrscopeError, match=r"had base 0\.1, now 0\.5"):
                scheduler.load_state_dict(state)
            continue
        scheduler.load_state_dict(state, how)
        assert held(optimizer) == [base * PLAN(20)]
        assert scheduler.base_lrs == [base]


def test_a_driver_goes_on_where_a_scheduler_was_but_not_the_other_way():
    optimizer = sgd(0.1)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    train(optimizer, scheduler, 20)
    other = sgd(0.1)
    driver = lrscope.drive(other, PLAN)
    driver.load_state_dict(scheduler.state_dict())
    update(other)
    assert held(other) == held(optimizer) == [0.1 * PLAN(20)]
    with pytest.raises(lrscope.LrscopeError, match="needs _step_count"):
        scheduler.load_state_dict(driver.state_dict())


def test_what_is_no_optimizer_is_refused_in_words():
    with pytest.raises(lrscope.LrscopeError, match=r"needs a torch\.optim\.Optimizer"):
        lrscope.as_torch(PLAN, torch.nn.Linear(1, 1))
