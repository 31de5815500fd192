"""On a GPU too: rates in place, and updates that a GradScaler leaves out."""

from __future__ import annotations

import pytest
import torch

import lrscope

from .training import PLAN

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")


def made(*, tensor, fused):
    weight = torch.nn.Parameter(torch.ones(2, device="cuda"))
    rate = torch.tensor(0.1, device="cuda", dtype=torch.float32) if tensor else 0.1
    return weight, torch.optim.AdamW([weight], lr=rate, fused=fused, capturable=tensor)


@pytest.mark.parametrize("fused", [False, True])
def test_updates_that_a_grad_scaler_leaves_out_do_not_count(fused):
    weight, optimizer = made(tensor=False, fused=fused)
    scaler = torch.amp.GradScaler("cuda", init_scale=2.0, growth_interval=10**6)
    driver = lrscope.drive(optimizer, PLAN)
    rates, expected, done = [], [], 0
    optimizer.register_step_post_hook(
        lambda each, *_: rates.append(each.param_groups[0]["lr"])
    )
    for step in range(30):
        overflow = step % 3 == 1
        scaler.scale(weight.sum() * (float("inf") if overflow else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        if fused or not overflow:
            expected.append(0.1 * PLAN(done))
        done += not overflow
    assert driver.step == done == 20
    assert rates == expected


def test_a_rate_on_the_device_is_written_in_place():
    weight, optimizer = made(tensor=True, fused=True)
    own = optimizer.param_groups[0]["lr"]
    base = float(own)
    driver = lrscope.drive(optimizer, PLAN)
    for step in range(12):
        weight.sum().backward()
        optimizer.step()
        assert float(own) == float(torch.tensor(base * PLAN(step), dtype=torch.float32))
    assert optimizer.param_groups[0]["lr"] is own
    assert driver.step == 12
