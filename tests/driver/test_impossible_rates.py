"""A number that no optimizer can use is refused: before the run, or at its step."""

from __future__ import annotations

import re

import pytest
import torch

import lrscope
from lrscope.schedules import parse

from .training import PLAN, seen, sgd, update

STEEP = lrscope.linear(10, start=1.0, end=-1.0)
"""Below 0 from step 6 on."""


def adam():
    return sgd(0.5, 0.1, cls=torch.optim.AdamW, weight_decay=0.2)


@pytest.mark.parametrize(
    ("plan", "keys", "words"),
    [
        (STEEP, {}, "lr of group 'group0' needs to be >= 0 and finite, linear(10"),
        (STEEP, {}, "takes it to -0.5 at step 10"),
        (STEEP.absolute(), {}, "takes it to -1 at step 10"),
        (lrscope.constant(-1.0), {}, "takes it to -0.5 at step 0"),
        ({0: PLAN, ...: STEEP}, {}, "lr of group 'group1' needs to be >= 0 and finite"),
        (parse("multistep([200], gamma=1e300) * 1e30"), {}, "to inf at step 200"),
        (None, {"weight_decay": STEEP}, "takes it to -0.2 at step 10"),
        (
            PLAN,
            {"betas0": lrscope.linear(50, start=0.9, end=1.0).absolute()},
            "betas[0] of group 'group0' needs to be >= 0 and < 1",
        ),
        (PLAN, {"betas1": lrscope.linear(8, end=1.5)}, "takes it to 1.4985 at step 8"),
        (PLAN, {"betas1": STEEP}, "betas[1] of group 'group0' needs to be >= 0 and"),
    ],
)
def test_a_plan_that_becomes_impossible_is_refused_with_its_extreme(plan, keys, words):
    with pytest.raises(lrscope.ScheduleError) as refused:
        lrscope.drive(adam(), plan, **keys)
    said = str(refused.value).replace(".absolute()", "")
    assert words in said
    assert ".clip(" in said


def test_momentum_has_its_limits_and_as_torch_the_same():
    for plan in (STEEP, STEEP.absolute()):
        with pytest.raises(lrscope.ScheduleError, match="momentum of group 'all'"):
            lrscope.drive(sgd(0.1, momentum=0.9), PLAN, momentum=plan)
        with pytest.raises(lrscope.ScheduleError, match="lr of group 'all'"):
            lrscope.as_torch(plan, sgd(0.1))


def test_numbers_whose_limits_are_not_known_may_be_anything_finite():
    optimizer = sgd(0.5, momentum=0.9, dampening=0.5)
    lrscope.drive(optimizer, dampening=STEEP.absolute())
    update(optimizer, 11)
    assert optimizer.param_groups[0]["dampening"] == -1.0


def test_what_was_refused_leaves_nothing_behind():
    optimizer = adam()
    with pytest.raises(lrscope.ScheduleError):
        lrscope.drive(optimizer, PLAN, betas1=lrscope.linear(8, end=1.5))
    lrscope.drive(optimizer, PLAN)
    with pytest.raises(lrscope.ScheduleError):
        lrscope.as_torch(STEEP, optimizer := adam())
    assert "initial_lr" not in optimizer.param_groups[0]
    lrscope.drive(optimizer, PLAN)


FALLS = lrscope.constant(1.0) + lrscope.exponential(1.01) * -0.1
"""Below 0 from step 232 on; endless, so nobody looks that far ahead."""


def test_what_comes_before_an_impossible_rate_is_driven():
    optimizer = sgd(0.5)
    driver = lrscope.drive(optimizer, FALLS)
    update(optimizer, 232)
    words = re.escape(
        f"lr needs to be >= 0 and finite, {FALLS!r} gives {0.5 * FALLS(232)}"
    )
    with pytest.raises(lrscope.ScheduleError, match=words):
        update(optimizer)
    assert driver.step == 232


def test_what_comes_before_an_impossible_rate_is_stepped():
    optimizer = sgd(0.5)
    scheduler = lrscope.as_torch(FALLS, optimizer)
    update(optimizer)
    for _ in range(231):
        scheduler.step()
    assert scheduler.get_last_lr() == [0.5 * FALLS(231)]
    with pytest.raises(lrscope.ScheduleError, match="for step 232"):
        scheduler.step()


def test_an_infinite_rate_is_named_with_its_step():
    optimizer = sgd(0.5)
    driver = lrscope.drive(optimizer, parse("exponential(1.5)"))
    driver.load_state_dict({**driver.state_dict(), "step": 10_000})
    with pytest.raises(lrscope.ScheduleError) as refused:
        update(optimizer)
    assert re.search(r"finite.* inf .*step 10000", str(refused.value))


def test_what_comes_before_a_step_without_a_value_is_driven(tmp_path, monkeypatch):
    (tmp_path / "ends_at_200.py").write_text(
        'def rate(step):\n    return 1.0 if step < 200 else float("nan")\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    optimizer = sgd(0.5)
    driver = lrscope.drive(optimizer, parse('function("ends_at_200:rate")'))
    rates = seen(optimizer)
    update(optimizer, 200)
    with pytest.raises(lrscope.ScheduleError, match="got nan at 200"):
        update(optimizer)
    assert driver.step == 200
    assert rates == [[0.5]] * 200
