"""One optimizer has one writer; a second one is refused or told."""

from __future__ import annotations

import inspect
import json
import re

import pytest
import torch

import lrscope
from lrscope import listeners

from .training import PLAN, backward, held, parameter, seen, sgd, update


def test_a_second_driver_is_refused_until_the_first_is_released():
    optimizer = sgd(0.1, 0.2)
    driver = lrscope.drive(optimizer, PLAN)
    update(optimizer, 4)
    with pytest.raises(lrscope.LrscopeError, match="driven already"):
        lrscope.drive(optimizer, PLAN)
    driver.release()
    assert held(optimizer) == [0.1, 0.2]
    update(optimizer, 2)
    assert held(optimizer) == [0.1, 0.2]
    lrscope.drive(optimizer, PLAN)
    update(optimizer)
    assert held(optimizer) == [0.1 * PLAN(0), 0.2 * PLAN(0)]


def test_a_driver_that_was_released_does_not_touch_what_another_drives():
    optimizer = sgd(0.1)
    first = lrscope.drive(optimizer, PLAN)
    first.release()
    lrscope.drive(optimizer, PLAN)
    update(optimizer, 2)
    first.release()
    assert held(optimizer) == [0.1 * PLAN(1)]
    assert optimizer in listeners.announced


def test_what_is_driven_gets_no_scheduler_of_ours_and_the_other_way():
    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    with pytest.raises(lrscope.LrscopeError, match="driven already"):
        lrscope.as_torch(PLAN, optimizer)
    driver.release()
    scheduler = lrscope.as_torch(PLAN, optimizer)
    with pytest.raises(lrscope.LrscopeError, match=r"as_torch\(…\) made a scheduler"):
        lrscope.drive(optimizer, PLAN)
    update(optimizer)
    scheduler.step()
    assert held(optimizer) == [0.1 * PLAN(1)]
    del scheduler
    assert lrscope.drive(optimizer, PLAN).step == 0


def test_a_wrapper_hides_neither_of_the_two():
    class Wrapper(torch.optim.Optimizer):
        def __init__(self, optimizer):
            self.optimizer = optimizer

        param_groups = property(lambda self: self.optimizer.param_groups)

    optimizer = sgd(0.1)
    driver = lrscope.drive(optimizer, PLAN)
    with pytest.raises(lrscope.LrscopeError, match="driven already"):
        lrscope.as_torch(PLAN, Wrapper(optimizer))
    driver.release()
    scheduler = lrscope.as_torch(PLAN, Wrapper(optimizer))
    with pytest.raises(lrscope.LrscopeError, match="made a scheduler"):
        lrscope.drive(optimizer, PLAN)
    assert scheduler.get_last_lr() == [0.1 * PLAN(0)]


def test_a_warning_points_at_the_line_of_the_user():
    optimizer = sgd(0.1)
    lrscope.drive(optimizer, PLAN)
    torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    backward(optimizer)
    update(optimizer)
    optimizer.param_groups[0]["lr"] = 7.0
    with pytest.warns(UserWarning, match="two-writers") as said:
        optimizer.step()
    line = inspect.currentframe().f_lineno - 1
    assert [(each.filename, each.lineno) for each in said] == [(__file__, line)]


def test_a_warning_passes_over_what_is_installed(tmp_path, monkeypatch):
    place = tmp_path / "site-packages"
    place.mkdir()
    source = "def step(optimizer):\n    optimizer.step()\n"
    (place / "someones_trainer.py").write_text(source)
    monkeypatch.syspath_prepend(place)
    from someones_trainer import step

    optimizer = sgd(0.1)
    lrscope.drive(optimizer, PLAN)
    update(optimizer)
    optimizer.param_groups[0]["lr"] = 7.0
    with pytest.warns(UserWarning, match="two-writers") as said:
        step(optimizer)
    assert said[0].filename == __file__


@pytest.mark.parametrize("tensor", [False, True])
def test_a_torch_scheduler_beside_a_driver_is_told_once_and_has_no_effect(
    notices, tensor
):
    optimizer = sgd(0.1, tensor=tensor)
    driver = lrscope.drive(optimizer, PLAN)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    rates = seen(optimizer)

    def train():
        for _ in range(5):
            update(optimizer)
            scheduler.step()

    assert notices(train) == ["two-writers"]
    assert rates == [[0.1 * PLAN(t)] for t in range(5)]
    assert driver.step == 5


@pytest.mark.parametrize("tensor", [False, True])
def test_a_rate_written_by_hand_is_told_with_its_value(tensor):
    optimizer = sgd(0.1, tensor=tensor)
    lrscope.drive(optimizer, PLAN)
    update(optimizer, 3)
    if tensor:
        optimizer.param_groups[0]["lr"].fill_(0.25)
    else:
        optimizer.param_groups[0]["lr"] = 0.25
    words = re.escape("lr was set to 0.25 by something else before step 3")
    with pytest.warns(UserWarning, match=words):
        update(optimizer)


def test_loading_the_optimizer_is_no_second_writer(notices):
    optimizer = sgd(0.1)
    lrscope.drive(optimizer, PLAN)
    update(optimizer, 3)
    state = optimizer.state_dict()
    state["param_groups"][0]["lr"] = 7.0

    def train():
        optimizer.load_state_dict(state)
        update(optimizer, 2)

    assert notices(train) == []


def test_a_listener_hears_of_every_plan_in_plain_data(monkeypatch):
    heard = []
    monkeypatch.setattr(listeners, "plans", [lambda *words: heard.append(words)])
    optimizer = torch.optim.SGD([{"params": [parameter()], "name": "body"}], lr=0.1)
    driver = lrscope.drive(optimizer, PLAN)
    driver.load_state_dict({**driver.state_dict(), "step": 7})
    (driven, plan, where), (_, later, _) = heard
    assert driven is optimizer
    assert plan == json.loads(json.dumps(plan))
    assert where[0] == __file__
    (group,) = plan["keys"]["lr"]
    assert (group["group"], group["name"], group["base"]) == (0, "body", 0.1)
    assert group["text"] == repr(PLAN)
    assert lrscope.schedules.from_json(group["schedule"]) == PLAN
    assert (plan["step"], later["step"]) == (0, 7)
    assert listeners.announced[optimizer][0] == later


def test_a_report_without_a_control_is_refused_in_words():
    driver = lrscope.drive(sgd(0.1), PLAN)
    with pytest.raises(lrscope.LrscopeError, match="report needs a control"):
        driver.report(1.0)
    with pytest.raises(lrscope.LrscopeError, match="needs plateau"):
        lrscope.drive(sgd(0.1), PLAN, control=0.5)
    with pytest.raises(lrscope.LrscopeError, match="'join' or 'restart'"):
        lrscope.drive(sgd(0.1), PLAN, added="later")


def test_a_report_changes_every_rate_from_the_next_step_on_and_no_other_number():
    optimizer = sgd(0.1, 0.2, momentum=0.5)
    control = lrscope.plateau(factor=0.5, patience=0)
    driver = lrscope.drive(
        optimizer, PLAN, control=control, momentum=lrscope.linear(99)
    )
    update(optimizer, 2)
    assert driver.report(torch.tensor(1.0)) == 1.0
    assert driver.report(1.0) == 0.5
    assert held(optimizer) == [0.1 * PLAN(1), 0.2 * PLAN(1)]
    update(optimizer)
    assert held(optimizer) == [0.1 * (PLAN(2) * 0.5), 0.2 * (PLAN(2) * 0.5)]
    assert optimizer.param_groups[0]["momentum"] == 0.5 * lrscope.linear(99)(2)
