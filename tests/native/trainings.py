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


def no_number_for_a_while():
    model = net()
    optimizer = SGD(pair(model))
    scheduler = LambdaLR(optimizer, lambda step: 0.5 if step < 6 else float("nan"))
    train(model, optimizer, scheduler, steps=2)
    optimizer.param_groups[0]["weight_decay"] = 0.1
    train(model, optimizer, scheduler, steps=4)
    train(model, optimizer, steps=2)
    for group, rate in zip(optimizer.param_groups, (0.05, 0.005)):
        group["lr"] = rate
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


def closures_without_loss():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    for index in range(9):

        def closure(gives_loss=index % 3 != 2):
            optimizer.zero_grad()
            if gives_loss:
                model(torch.ones(5, 4)).square().mean().backward()

        optimizer.step(closure)


def tensor_rate():
    model = net()
    optimizer = SGD(model.parameters(), lr=torch.tensor(0.1))
    train(model, optimizer, ExponentialLR(optimizer, 0.9))


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


class Strange(SGD):
    """An optimizer whose groups are looked up, which may raise once."""

    trouble = None

    @property
    def param_groups(self):
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            raise trouble
        return self.groups

    @param_groups.setter
    def param_groups(self, groups):
        self.groups = groups


USUAL = [
    steps_down, betas_cycle, plateau, by_hand, strange_rates, no_number_for_a_while,
    torch_and_hand, two_optimizers, no_gradients, closures, closures_without_loss, tensor_rate, nested,
    own_hook, accumulation,
]  # fmt: skip
