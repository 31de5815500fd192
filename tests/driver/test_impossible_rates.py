"""A rate that no optimizer can use is refused at the step that it is for."""

from __future__ import annotations

import pytest
import torch

import lrscope


@pytest.mark.parametrize(
    ("plan", "good"),
    [
        (lrscope.linear(10, start=1.0, end=-1.0), 6),
        (lrscope.constant(-1.0), 0),
        (lrscope.schedules.parse("multistep([200], gamma=1e300) * 1e30"), 200),
    ],
)
def test_what_comes_before_an_impossible_rate_is_driven(plan, good):
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.5)
    driver = lrscope.drive(optimizer, plan)
    weight.grad = torch.zeros(1)
    for _ in range(good):
        optimizer.step()
    with pytest.raises(lrscope.ScheduleError, match=f"is needed at step {good}"):
        optimizer.step()
    assert driver.step == good
