"""lrscope.readings: what was planned and what became of it, now."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.optim import SGD, Adam, lr_scheduler

import lrscope

from .oracle import Oracle, net, step


def planned(optimizer, scheduler=None):
    return [each.planned for each in lrscope.readings(optimizer, scheduler)]


def effective(optimizer):
    return [each.effective for each in lrscope.readings(optimizer)]


def effective_steps(optimizer):
    return [each.effective_step for each in lrscope.readings(optimizer)]


def pair(model, **settings):
    head = {"params": model[0].parameters(), "lr": 0.1, "name": "head"}
    tail = {"params": model[2].parameters(), "lr": 0.01, "name": "tail"}
    return Adam([head, tail], **settings)


@pytest.mark.parametrize("every", [1, 2])
def test_effective_is_that_of_the_last_measured_step_of_each_group(tmp_path, every):
    model = net()
    optimizer = pair(model, weight_decay=0.1, decoupled_weight_decay=True)
    oracle = Oracle(optimizer)
    with lrscope.record(tmp_path / "run", effective=f"every={every}"):
        for at in range(4):
            step(optimizer, model, oracle)
            for group, found in enumerate(effective(optimizer)):
                sums = oracle.steps[at - at % every][group]
                decay = 0.1 * optimizer.param_groups[group]["lr"]
                driven = sums["moved_gradient"] + decay * sums["gradient_weight"]
                expected = -driven / sums["gradient_gradient"]
                assert found == pytest.approx(expected, rel=1e-6)
            assert effective_steps(optimizer) == [at - at % every] * 2
    assert effective(optimizer) == effective_steps(optimizer) == [None, None]


def test_calls_that_update_nothing_do_not_count_as_steps(tmp_path):
    model = net()
    optimizer = pair(model)
    with lrscope.record(tmp_path / "run", effective="every=2"):
        step(optimizer, model)
        optimizer.zero_grad()
        optimizer.step()
        for _ in range(4):
            step(optimizer, model)
            found = effective_steps(optimizer)
    track = lrscope.read_run(tmp_path / "run").main.tracks[0]
    assert found == [int(track.measured.steps[-1])] * 2 == [3, 3]


def test_parameters_that_are_measured_apart_make_one_rate_of_their_group(tmp_path):
    model = net()
    optimizer = SGD(model.parameters(), lr=0.25)
    with lrscope.record(tmp_path / "run", effective="by=parameter"):
        step(optimizer, model)
        [found] = effective(optimizer)
    assert found == pytest.approx(0.25, rel=1e-5)


def test_where_no_step_was_measured_there_is_no_effective_rate(tmp_path):
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    with lrscope.record(tmp_path / "run"):
        step(optimizer, model)
        assert effective(optimizer) == [None]
    with lrscope.record(tmp_path / "other", effective=""):
        optimizer.zero_grad()
        model(torch.ones(1, 5)).sum().mul(float("nan")).backward()
        optimizer.step()
        assert effective(optimizer) == [None]


SCHEDULERS = {
    "step": lambda o: lr_scheduler.StepLR(o, 2),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 5),
    "one cycle": lambda o: lr_scheduler.OneCycleLR(o, [0.3, 0.2], total_steps=9),
    "in sequence": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, total_iters=3), lr_scheduler.StepLR(o, 2)], [3]
    ),
    "ours": lambda o: lrscope.as_torch(lrscope.warmup(2) >> lrscope.cosine(4), o),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_what_a_scheduler_plans_is_what_it_then_writes(name):
    model = net()
    optimizer = pair(model)
    scheduler = SCHEDULERS[name](optimizer)
    for _ in range(7):
        rates = [group["lr"] for group in optimizer.param_groups]
        np.testing.assert_allclose(planned(optimizer, scheduler), rates, rtol=1e-9)
        assert planned(optimizer) == [None, None]
        step(optimizer, model)
        scheduler.step()


@pytest.mark.parametrize(
    "scheduled",
    [lr_scheduler.ReduceLROnPlateau, lambda o: lr_scheduler.LambdaLR(o, lambda _: 1)],
)
def test_a_scheduler_whose_plan_cannot_be_known_plans_nothing(scheduled):
    optimizer = pair(net())
    assert planned(optimizer, scheduled(optimizer)) == [None, None]
    assert planned(optimizer, object()) == [None, None]


def test_a_driver_plans_the_next_step_until_it_is_released():
    model = net()
    optimizer = pair(model)
    control = lrscope.plateau(factor=0.5, patience=0)
    driver = lrscope.drive(
        optimizer, {"head": lrscope.linear(4), ...: None}, control=control
    )
    for expected in (0.1, 0.075):
        assert planned(optimizer) == [pytest.approx(expected), None]
        step(optimizer, model)
        optimizer.zero_grad()
        optimizer.step()  # no gradient: the driver stays where it is
    driver.report(1.0)
    driver.report(1.0)
    assert planned(optimizer) == [pytest.approx(0.025), None]
    driver.release()
    assert planned(optimizer) == [None, None]


def test_a_plan_stays_with_its_group_when_groups_are_reordered():
    model = net()
    optimizer = pair(model)
    lrscope.drive(optimizer, lrscope.linear(4))
    optimizer.param_groups.reverse()
    found = {each.group: each.planned for each in lrscope.readings(optimizer)}
    assert found == {"head": 0.1, "tail": 0.01}
