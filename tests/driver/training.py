"""Small trainings whose rates are known."""

from __future__ import annotations

import torch

import lrscope

PLAN = lrscope.warmup(5) >> lrscope.cosine(40, floor=0.1)


def parameter(value=1.0):
    return torch.nn.Parameter(torch.full((2,), value))


def sgd(*rates, cls=torch.optim.SGD, tensor=False, **arguments):
    """Return an optimizer with a group for each rate."""
    made = [
        torch.tensor(each, dtype=torch.float64) if tensor else each for each in rates
    ]
    groups = [{"params": [parameter()], "lr": each} for each in made]
    return cls(groups, lr=made[0], **arguments)


def backward(optimizer):
    for group in optimizer.param_groups:
        for each in group["params"]:
            each.grad = torch.ones_like(each)


def update(optimizer, count=1):
    for _ in range(count):
        backward(optimizer)
        optimizer.step()


def seen(optimizer, key="lr"):
    """Return a list that gets the values of every step that is taken."""
    values = []

    def look(each, *_):
        values.append([float(_number(group, key)) for group in each.param_groups])

    optimizer.register_step_post_hook(look)
    return values


def _number(group, key):
    return group[key] if key in group else group[key[:-1]][int(key[-1])]


def held(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]
