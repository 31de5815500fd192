"""Small trainings of many kinds; each is recorded twice and compared."""

from __future__ import annotations

import contextlib

import torch
from torch.optim import LBFGS, SGD, Adam, AdamW
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)
from torch.utils.data import DataLoader, TensorDataset


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2)
    )


def backward(model):
    model(torch.randn(5, 4)).square().mean().backward()


def train(model, optimizer, *schedulers, steps=12):
    for _ in range(steps):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()
        for each in schedulers:
            each.step()


def pair(model):
    return [
        {"params": model[0].parameters(), "lr": 0.1},
        {"params": model[2].parameters(), "lr": 0.01, "name": "tail"},
    ]


def steps_down():
    model = net()
    optimizer = SGD(pair(model), momentum=0.9)
    train(model, optimizer, StepLR(optimizer, 3))


def betas_cycle():
    model = net()
    optimizer = AdamW(pair(model))
    train(model, optimizer, OneCycleLR(optimizer, [0.1, 0.2], total_steps=14))


def momentum_cycles_in_nine_groups():
    many = [torch.nn.Parameter(torch.ones(1)) for _ in range(9)]
    optimizer = SGD([{"params": [each]} for each in many], lr=0.1, momentum=0.9)
    scheduler = OneCycleLR(optimizer, 0.1, total_steps=20)
    for _ in range(15):
        torch.cat(many).sum().backward()
        optimizer.step()
        scheduler.step()


def plateau():
    model = net()
    optimizer = Adam(model.parameters(), lr=0.1)
    scheduler = ReduceLROnPlateau(optimizer, patience=0, cooldown=1)
    for index in range(12):
        train(model, optimizer, steps=1)
        scheduler.step(1.0 + index % 3)


def by_hand():
    model = net()
    optimizer = SGD(pair(model))
    for index in range(12):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / (1 + index // 2)
        train(model, optimizer, steps=1)
    optimizer.param_groups[1]["lr"] = 1  # an int
    train(model, optimizer, steps=3)
    optimizer.param_groups[1]["lr"] = 0.5
    train(model, optimizer, steps=3)


def strange_rates():
    model = net()
    optimizer = SGD(pair(model))
    nan = float("nan")
    for rate in (0.0, -0.0, 0.0, 0.1, nan, nan, 0.1, -0.0, float("inf"), 0.0):
        optimizer.param_groups[1]["lr"] = rate
        train(model, optimizer, steps=2)


def torch_and_hand():
    model = net()
    optimizer = SGD(pair(model))
    scheduler = ExponentialLR(optimizer, 0.9)
    for index in range(12):
        train(model, optimizer, scheduler, steps=1)
        if index % 4 == 1:
            optimizer.param_groups[0]["lr"] *= 0.5
        if index == 6:
            print(scheduler.get_last_lr())
        if index == 8:
            with contextlib.suppress(UserWarning):  # torch warns
                scheduler.get_lr()


def many_groups(count):
    many = [torch.nn.Parameter(torch.ones(1)) for _ in range(count)]
    optimizer = SGD([{"params": [each]} for each in many], lr=0.1)
    scheduler = LambdaLR(optimizer, lambda step: 0.9 ** (step // 4))
    for index in range(40):
        torch.cat(many).sum().backward()
        optimizer.step()
        scheduler.step()
        if index == 10:
            optimizer.param_groups[-1]["weight_decay"] = 0.1
        if index == 21:
            optimizer.param_groups[count // 2]["weight_decay"] = 0.2
        if index == 30:
            optimizer.param_groups[0]["weight_decay"] = 0.3


def two_optimizers():
    model = net()
    optimizers = [SGD(model[0].parameters(), 0.1), Adam(model[2].parameters(), 0.01)]
    schedulers = [ExponentialLR(each, 0.9) for each in optimizers]
    for _ in range(10):
        backward(model)
        for optimizer, scheduler in zip(optimizers, schedulers):
            optimizer.step()
            scheduler.step()


def no_gradients():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    optimizer.step()
    for index in range(10):
        optimizer.zero_grad(set_to_none=index % 3 == 0)
        if index % 2:
            backward(model)
        optimizer.step()


def closures():
    model = net()
    optimizer = LBFGS(model.parameters(), lr=0.1, max_iter=3)
    scheduler = ExponentialLR(optimizer, 0.9)

    def closure():
        optimizer.zero_grad()
        loss = model(torch.ones(5, 4)).square().mean()
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)
        scheduler.step()


def tensor_rate():
    model = net()
    optimizer = SGD(model.parameters(), lr=torch.tensor(0.1))
    train(model, optimizer, ExponentialLR(optimizer, 0.9))


def a_group_is_added():
    model = net()
    optimizer = SGD(model[0].parameters(), lr=0.1)
    scheduler = ExponentialLR(optimizer, 0.9)
    train(model, optimizer, steps=3)
    optimizer.add_param_group({"params": model[2].parameters(), "lr": 0.3})
    scheduler.base_lrs.append(0.3)
    train(model, optimizer, scheduler, steps=4)


def groups_are_replaced():
    class Named(dict):
        def __getitem__(self, key):
            return 0.25 if key == "lr" else super().__getitem__(key)

    many = [torch.nn.Parameter(torch.ones(1)) for _ in range(10)]
    optimizer = SGD([{"params": [each]} for each in many], lr=0.1)
    for index in range(16):
        torch.cat(many).sum().backward()
        optimizer.step()
        groups = optimizer.param_groups
        if index == 3:
            groups[0] = dict(groups[0])
        if index == 6:
            groups[9] = dict(groups[9], lr=0.5)
        if index == 9:
            optimizer.param_groups = list(groups)
        if index == 12:
            groups[9] = Named(groups[9])
        if index == 14:
            optimizer.load_state_dict(optimizer.state_dict())


def settings_by_hand():
    model = net()
    optimizer = AdamW(pair(model), weight_decay=0.1)
    for index in range(12):
        train(model, optimizer, steps=1)
        group = optimizer.param_groups[index % 2]
        if index > 6:
            group["weight_decay"] = 0.01 * index
        if index == 4:
            group["betas"] = [0.8, 0.9]
        if index == 5:
            group["betas"][0] = 0.7
        if index == 9:
            group["weight_decay"] = 1
        if index == 10:
            group["eps"] = float("nan")


class Outer(torch.optim.Optimizer):
    """An optimizer around another, as Lookahead is."""

    def __init__(self, inner):
        super().__init__(inner.param_groups[0]["params"], {"lr": 0.5})
        self.inner = inner

    def step(self, closure=None):
        return self.inner.step(closure)


def nested():
    model = net()
    outer = Outer(SGD(model.parameters(), lr=0.1))
    train(model, outer, ExponentialLR(outer.inner, 0.9), steps=6)


def own_hook():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)

    def halve(optimizer, args, kwargs):
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * 0.5

    train(model, optimizer, steps=3)
    handle = optimizer.register_step_pre_hook(halve)
    train(model, optimizer, steps=3)
    handle.remove()
    train(model, optimizer, steps=3)


def accumulation():
    model = net()
    optimizer = SGD(pair(model), momentum=0.9)
    scheduler = CosineAnnealingLR(optimizer, 5)
    data = TensorDataset(torch.randn(24, 4))
    for _ in range(3):
        for index, (values,) in enumerate(DataLoader(data, 3, shuffle=True)):
            (model(values).square().mean() / 2).backward()
            if index % 2:
                optimizer.step()
                optimizer.zero_grad()
        scheduler.step()


USUAL = [
    steps_down, betas_cycle, momentum_cycles_in_nine_groups, plateau, by_hand,
    strange_rates, torch_and_hand, two_optimizers, no_gradients, closures, tensor_rate,
    a_group_is_added, groups_are_replaced, settings_by_hand, nested, own_hook,
    accumulation,
]  # fmt: skip
