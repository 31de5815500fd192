"""What is applied is base times schedule, bit for bit, for every optimizer of torch."""

from __future__ import annotations

import inspect
import itertools

import pytest
import torch
from torch import nn

import lrscope

from .training import PLAN

CLASSES = {
    name: kind
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind)
    if issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer
}
STEPS = 12


def model_for(name):
    torch.manual_seed(0)
    if name == "SparseAdam":
        return nn.ModuleList([nn.Embedding(6, 3, sparse=True) for _ in range(2)])
    return nn.ModuleList([nn.Linear(4, 4, bias=False) for _ in range(2)])


def loss_of(model):
    if isinstance(model[0], nn.Embedding):
        return sum(each(torch.arange(5)).square().sum() for each in model)
    return model[1](torch.tanh(model[0](torch.ones(2, 4)))).square().mean()


def made(name, way, tensor):
    model = model_for(name)
    rates = [
        torch.tensor(each, dtype=torch.float64) if tensor else each
        for each in (0.1, 0.003)
    ]
    if name == "LBFGS":
        return model, torch.optim.LBFGS(model.parameters(), lr=rates[0], max_iter=3)
    groups = [{"params": each.parameters(), "lr": lr} for each, lr in zip(model, rates)]
    return model, CLASSES[name](groups, lr=rates[0], **way)


def variants():
    for name, kind in CLASSES.items():
        parameters = inspect.signature(kind).parameters
        ways = (
            [{"foreach": False}, {"foreach": True}] if "foreach" in parameters else [{}]
        )
        ways += [{"fused": True}] if "fused" in parameters else []
        for way, tensor in itertools.product(ways, (False, True)):
            try:
                made(name, way, tensor)
            except ValueError:  # it does not take a tensor in this way
                continue
            words = [name, *way, "tensor" if tensor else "float"]
            yield pytest.param(name, way, tensor, id="-".join(map(str, words)))


@pytest.mark.parametrize(("name", "way", "tensor"), list(variants()))
def test_every_optimizer_applies_base_times_schedule(name, way, tensor):
    model, optimizer = made(name, way, tensor)
    bases = [float(group["lr"]) for group in optimizer.param_groups]
    tensors = [group["lr"] for group in optimizer.param_groups]
    driver = lrscope.drive(optimizer, PLAN)
    used = []
    optimizer.register_step_post_hook(
        lambda each, *_: used.append([float(g["lr"]) for g in each.param_groups])
    )

    def closure():
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss

    for _ in range(STEPS):
        if name == "LBFGS":
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()

    assert used == [[base * PLAN(step) for base in bases] for step in range(STEPS)]
    assert driver.step == STEPS
    if tensor:
        assert all(g["lr"] is each for g, each in zip(optimizer.param_groups, tensors))


def test_every_class_that_torch_exports_is_in_the_table():
    assert {each.values[0] for each in variants()} == set(CLASSES)
