"""Which number of which group follows what."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lrscope
from lrscope.group_names import names_of

from .training import PLAN, held, parameter, seen, sgd, update

HALF = lrscope.constant(0.5)


def named(*names, **arguments):
    groups = [
        {"params": [parameter()], "lr": 0.1 * 2**i, "name": each}
        for i, each in enumerate(names)
    ]
    return torch.optim.SGD(groups, lr=0.1, **arguments)


def test_groups_keep_their_ratios():
    optimizer = sgd(0.1, 0.001)
    lrscope.drive(optimizer, PLAN)
    rates = seen(optimizer)
    update(optimizer, 50)
    assert rates == [[0.1 * PLAN(t), 0.001 * PLAN(t)] for t in range(50)]


def test_an_absolute_schedule_is_the_rate_of_every_group():
    optimizer = sgd(0.1, 0.001)
    lrscope.drive(optimizer, PLAN.absolute(3e-4))
    rates = seen(optimizer)
    update(optimizer, 50)
    assert rates == [[3e-4 * PLAN(t)] * 2 for t in range(50)]


def test_groups_are_picked_by_name_index_and_function_and_the_rest_by_dots():
    optimizer = named("body", "head", "bias", "rest")
    plan = {
        "head": HALF,
        0: lrscope.constant(0.25),
        lambda group: group["name"] == "bias": None,
        ...: lrscope.linear(10),
    }
    lrscope.drive(optimizer, plan)
    update(optimizer, 6)
    assert held(optimizer) == [0.1 * 0.25, 0.2 * 0.5, 0.4, 0.8 * 0.5]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"haed": HALF, ...: HALF}, "'haed', there are 'body', 'head'"),
        ({5: HALF, ...: HALF}, "group for 5"),
        ({"body": HALF}, "lr of group 'head' has no schedule"),
        ({"body": HALF, 0: HALF, ...: HALF}, "picked by 'body' and by 0"),
        ({-1: HALF}, "index from 0"),
        ({True: HALF}, "index from 0"),
        ({"body": 0.5, ...: HALF}, "needs a schedule or None, got 0.5"),
        (0.5, "needs a schedule, or a mapping"),
        (None, "drive needs a schedule"),
        ({}, "lr of group 'body' has no schedule"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_in_words(plan, words):
    optimizer = named("body", "head")
    with pytest.raises(lrscope.LrscopeError, match=words):
        lrscope.drive(optimizer, plan)
    lrscope.drive(optimizer, PLAN)  # and nothing was left behind


def test_other_numbers_follow_schedules_of_their_own():
    optimizer = torch.optim.AdamW([parameter()], lr=0.1, weight_decay=0.2)
    decay = lrscope.linear(8)
    betas = lrscope.linear(10, start=0.95, end=0.85).absolute()
    driver = lrscope.drive(optimizer, PLAN, weight_decay=decay, betas0=betas)
    first, weights = seen(optimizer, "betas0"), seen(optimizer, "weight_decay")
    update(optimizer, 9)
    assert first == [[betas(t)] for t in range(9)]
    assert weights == [[0.2 * decay(t)] for t in range(9)]
    assert optimizer.param_groups[0]["betas"][1] == 0.999
    assert {each.key for each in driver.readings()} == {
        "lr",
        "weight_decay",
        "betas[0]",
    }


def test_momentum_alone_can_be_driven():
    optimizer = sgd(0.1, momentum=0.9)
    lrscope.drive(optimizer, momentum=HALF)
    update(optimizer, 2)
    assert optimizer.param_groups[0]["momentum"] == 0.45
    assert held(optimizer) == [0.1]


def test_tensor_betas_are_written_in_place():
    betas = (torch.tensor(0.9), torch.tensor(0.999))
    optimizer = torch.optim.AdamW(
        [parameter()],
        lr=torch.tensor(0.1),
        betas=betas,
        capturable=False,
        foreach=False,
    )
    lrscope.drive(optimizer, PLAN, betas1=lrscope.constant(0.5).absolute())
    own = optimizer.param_groups[0]["betas"]
    update(optimizer, 1)
    assert optimizer.param_groups[0]["betas"] is own
    assert float(own[1]) == 0.5


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"momentun": HALF}, "has no 'momentun'; it has .*momentum"),
        ({"betas0": HALF}, "has no 'betas0'"),
        ({"nesterov": HALF}, "one finite number, got False"),
        ({"foreach": HALF}, "one finite number, got None"),
        ({"momentum": HALF}, "a factor of 0 stays 0"),
        ({"momentum": {"body": HALF}}, "momentum of group 'head' has no schedule"),
    ],
)
def test_a_number_that_cannot_be_driven_is_refused_in_words(keys, words):
    with pytest.raises(lrscope.LrscopeError, match=words):
        lrscope.drive(named("body", "head"), PLAN, **keys)


@pytest.mark.parametrize("put", [lrscope.drive, lambda o, s: lrscope.as_torch(s, o)])
def test_what_is_no_optimizer_is_named_in_one_line(put):
    many = [sgd(0.1), torch.optim.AdamW([parameter()])]
    for given, words in (
        (many, r"got \[SGD, AdamW\]"),
        (torch.nn.Sequential(torch.nn.Linear(2, 2)), "got Sequential"),
        (PLAN, "got warmup"),
    ):
        with pytest.raises(lrscope.LrscopeError, match=words) as refused:
            put(given, PLAN)
        assert "\n" not in str(refused.value)
    with pytest.raises(lrscope.LrscopeError, match="give each to a call of its own"):
        lrscope.drive(many, PLAN)


@pytest.mark.parametrize("rate", ["0.1", float("nan"), None, True])
def test_a_rate_that_is_no_number_is_refused_in_words(rate):
    optimizer = sgd(0.1)
    optimizer.param_groups[0]["lr"] = rate
    with pytest.raises(lrscope.LrscopeError, match="one finite number"):
        lrscope.drive(optimizer, PLAN)


def test_a_rate_that_is_learned_is_not_driven_too():
    optimizer = sgd(0.1)
    optimizer.param_groups[0]["lr"] = torch.tensor(0.1, requires_grad=True)
    with pytest.raises(lrscope.LrscopeError, match="requires a gradient"):
        lrscope.drive(optimizer, PLAN)


def test_units_need_a_clock():
    plan = lrscope.warmup("1ep") >> lrscope.cosine("90%")
    with pytest.raises(lrscope.ScheduleError, match="steps_per_epoch"):
        lrscope.drive(sgd(0.1), plan)
    clock = lrscope.Clock(steps_per_epoch=10, total_steps=100)
    optimizer = sgd(0.1)
    lrscope.drive(optimizer, {"all": plan}, clock=clock)
    update(optimizer, 51)
    assert held(optimizer) == [0.1 * (lrscope.warmup(10) >> lrscope.cosine(90))(50)]


def test_groups_that_share_a_tensor_of_a_rate_get_their_own():
    shared = torch.tensor(0.1, dtype=torch.float64)
    groups = [{"params": [parameter()], "name": each} for each in ("a", "b")]
    optimizer = torch.optim.SGD(groups, lr=shared)
    lrscope.drive(optimizer, {"a": HALF, "b": lrscope.constant(0.25)})
    update(optimizer, 2)
    assert held(optimizer) == [0.05, 0.025]


@pytest.mark.parametrize(("added", "offset"), [("join", 0), ("restart", 3)])
def test_a_group_added_later_begins_where_it_should_and_it_is_told_once(
    notices, added, offset
):
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN, added=added)
    update(optimizer, 3)
    optimizer.add_param_group({"params": [parameter()], "lr": 0.5, "name": "head"})
    assert notices(lambda: update(optimizer, 4)) == ["group-added"]
    assert held(optimizer) == [0.1 * PLAN(6), 0.5 * PLAN(6 - offset)]
    assert driver.step == 7


def test_an_added_group_is_left_alone_only_if_the_plan_says_so_and_it_is_told(notices):
    optimizer = named("body")
    lrscope.drive(optimizer, {"body": HALF, ...: None})
    optimizer.add_param_group({"params": [parameter()], "lr": 0.5, "name": "head"})
    assert notices(lambda: update(optimizer, 2)) == ["group-added"]
    assert held(optimizer) == [0.05, 0.5]


@pytest.mark.parametrize("keys", [{}, {"weight_decay": {"body": HALF}}])
def test_an_added_group_that_no_rule_covers_is_refused_before_it_is_trained(keys):
    optimizer = named("body", weight_decay=0.1)
    driver = lrscope.drive(optimizer, PLAN if keys else {"body": PLAN}, **keys)
    update(optimizer, 2)
    head = parameter()
    optimizer.add_param_group({"params": [head], "lr": 0.5, "name": "head"})
    for _ in range(2):
        with pytest.raises(lrscope.LrscopeError, match="'head' has no schedule"):
            update(optimizer)
    assert torch.equal(head, parameter())
    driver.release()
    assert held(optimizer) == [0.1, 0.5]
    update(optimizer)
    assert not torch.equal(head, parameter())


def test_groups_that_are_removed_replaced_or_moved_are_still_the_same_groups():
    optimizer = sgd(0.1, 0.2, 0.4)
    lrscope.drive(optimizer, HALF)
    update(optimizer)
    optimizer.param_groups.reverse()
    optimizer.param_groups[0] = dict(optimizer.param_groups[0])
    del optimizer.param_groups[1]
    update(optimizer, 2)
    assert held(optimizer) == [0.2, 0.05]


def test_the_base_is_initial_lr_where_a_torch_scheduler_left_one(notices):
    optimizer = sgd(0.1)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=4)
    del scheduler
    driver = lrscope.drive(optimizer, PLAN)
    assert driver.preview(3)["all"].tolist() == [0.1 * PLAN(t) for t in range(3)]
    assert notices(lambda: update(optimizer, 3)) == ["base-rate"]


def test_preview_is_what_will_be_applied():
    optimizer = named("body", "head")
    driver = lrscope.drive(optimizer, {"body": PLAN, "head": PLAN.absolute(0.3)})
    rates = seen(optimizer)
    expected = driver.preview(60)
    update(optimizer, 60)
    assert np.column_stack([expected["body"], expected["head"]]).tolist() == rates
    assert driver.preview([59, 0])["body"].tolist() == [rates[59][0], rates[0][0]]
    with pytest.raises(lrscope.LrscopeError, match="no group is driven by 'momentum'"):
        driver.preview(3, key="momentum")


def test_readings_name_what_was_applied_and_what_comes():
    optimizer = sgd(0.1, 0.2)
    driver = lrscope.drive(optimizer, PLAN)
    assert [each.applied for each in driver.readings()] == [None, None]
    update(optimizer, 3)
    first, second = driver.readings()
    assert first == ("group0", "lr", 0.1 * PLAN(2), 0.1 * PLAN(3), 0.1 * PLAN(2))
    assert second.group == "group1"


def test_a_group_that_was_never_updated_has_no_applied_value(notices):
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    update(optimizer, 3)
    optimizer.add_param_group({"params": [parameter()], "lr": 0.5, "name": "head"})
    found = []
    assert notices(lambda: found.extend(driver.readings())) == ["group-added"]
    assert [each.applied for each in found] == [0.1 * PLAN(2), None]
    update(optimizer)
    applied = [each.applied for each in driver.readings()]
    assert applied == [0.1 * PLAN(3), 0.5 * PLAN(3)]


@pytest.mark.parametrize("steps", [-1, True, 2.5, [-5], [0.5], [float("nan")]])
def test_steps_that_no_driver_takes_are_not_previewed(steps):
    driver = lrscope.drive(sgd(0.1), PLAN)
    with pytest.raises(lrscope.ScheduleError, match=r"needs .*step"):
        driver.preview(steps)


def test_preview_takes_the_words_of_drive_and_of_readings_and_any_whole_number():
    driver = lrscope.drive(sgd(0.1, cls=torch.optim.Adam), betas0=HALF)
    for key in ("betas0", "betas[0]"):
        assert driver.preview(np.int64(2), key=key)["all"].tolist() == [0.45, 0.45]


def test_one_number_is_not_driven_twice_under_two_names():
    with pytest.raises(lrscope.LrscopeError, match="driven twice"):
        lrscope.drive(sgd(0.1, cls=torch.optim.Adam), betas0=HALF, **{"betas[0]": HALF})


def test_a_group_is_called_by_its_name_or_by_the_path_of_its_parameters():
    model = torch.nn.ModuleDict(
        {"a": torch.nn.Linear(1, 1), "b": torch.nn.Linear(1, 1)}
    )
    by_path = [
        {"params": list(each.named_parameters(prefix=key))}
        for key, each in model.items()
    ]
    for optimizer, names in (
        (sgd(0.1), ["all"]),
        (sgd(0.1, 0.2), ["group0", "group1"]),
        (named("x", "y/z"), ["x", "y.z"]),
        (named("same", "same"), ["group0", "group1"]),
        (named("group1", None), ["group1", "group1_"]),
        (named("same", "same", "group0"), ["group0_", "group1", "group0"]),
        (named("group2", "group2_", None), ["group2", "group2_", "group2__"]),
        (torch.optim.SGD(model.named_parameters(), lr=1.0), ["all"]),
        (torch.optim.SGD(by_path, lr=1.0), ["a", "b"]),
    ):
        assert names_of(optimizer.param_groups) == names
        assert list(lrscope.drive(optimizer, PLAN).preview(1)) == names
