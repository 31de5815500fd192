"""Trainings with what is rare: several schedulers in one, failures, many at once."""

from __future__ import annotations

import copy
import gc

import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    SequentialLR,
    StepLR,
)
from torch.utils.checkpoint import checkpoint

from .trainings import backward, net, pair, train


def one_after_another():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    parts = [LinearLR(optimizer, total_iters=3), CosineAnnealingLR(optimizer, 5)]
    scheduler = SequentialLR(optimizer, parts, milestones=[3])
    train(model, optimizer, scheduler, steps=8)
    scheduler.load_state_dict(scheduler.state_dict())
    optimizer.load_state_dict(optimizer.state_dict())
    train(model, optimizer, scheduler, steps=3)


def chained():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    parts = [LinearLR(optimizer, total_iters=3), StepLR(optimizer, 2)]
    train(model, optimizer, ChainedScheduler(parts), steps=8)


def chains_of_chains():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    inner = ChainedScheduler([StepLR(optimizer, 2), ExponentialLR(optimizer, 0.9)])
    outer = ChainedScheduler([LinearLR(optimizer, total_iters=3), inner])
    train(model, optimizer, outer, steps=6)
    for each in (inner, outer, outer._schedulers[0], inner):
        train(model, optimizer, each, steps=3)


def a_child_fails():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    parts = [StepLR(optimizer, 2), ExponentialLR(optimizer, 0.9)]
    scheduler = ChainedScheduler(parts)
    train(model, optimizer, scheduler, steps=3)
    gamma = parts[1].gamma
    for broken in (None, gamma, None, gamma):
        parts[1].gamma = broken
        try:
            train(model, optimizer, scheduler, steps=2)
        except TypeError:
            continue


class Doubling(ExponentialLR):
    """A scheduler as people write their own."""

    def step(self, epoch=None):
        super().step(epoch)


def a_scheduler_of_the_users_own():
    model = net()
    optimizer = SGD(pair(model))
    scheduler = Doubling(optimizer, 1.1)
    train(model, optimizer, scheduler)
    other = copy.deepcopy(scheduler)
    train(model, optimizer, scheduler, other)


class Failing(SGD):
    """An optimizer whose step fails now and then."""

    count = 0

    def step(self, closure=None):
        self.count += 1
        if self.count % 4 == 2:
            raise ValueError("for the test")
        return super().step(closure)


def a_step_raises():
    model = net()
    optimizer = Failing(model.parameters(), lr=0.1)
    scheduler = ExponentialLR(optimizer, 0.9)
    for _ in range(12):
        optimizer.zero_grad()
        backward(model)
        try:
            optimizer.step()
        except ValueError:
            continue
        scheduler.step()


def backward_raises():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    for index in range(8):
        optimizer.zero_grad()
        backward(model)
        if index % 2:
            try:
                torch.zeros(1).backward()
            except RuntimeError:
                optimizer.step()


def scaled():
    model = net()
    optimizer = AdamW(pair(model), lr=0.1, fused=True)
    scheduler = ExponentialLR(optimizer, 0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=2)
    for index in range(8):
        optimizer.zero_grad()
        loss = model(torch.randn(5, 4)).square().mean()
        scaler.scale(loss * (float("inf") if index == 3 else 1)).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()


def checkpointed():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        values = torch.randn(5, 4, requires_grad=True)
        checkpoint(model, values, use_reentrant=True).square().mean().backward()
        optimizer.step()


def very_many_backward_calls():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    scheduler = ExponentialLR(optimizer, 0.999)
    train(model, optimizer, scheduler, steps=2)
    for _ in range(1100):
        torch.ones(1, requires_grad=True).sum().backward()
    train(model, optimizer, scheduler, steps=2)
    for _ in range(1100):
        scheduler.step()
    train(model, optimizer, scheduler, steps=2)


def optimizers_come_and_go():
    model = net()
    for index in range(6):
        optimizer = SGD(model.parameters(), lr=0.1 * (index + 1))
        train(model, optimizer, ExponentialLR(optimizer, 0.9), steps=4)
        del optimizer
        gc.collect()


def frozen_for_a_while():
    model = net()
    optimizer = SGD(pair(model))
    scheduler = StepLR(optimizer, 2)
    train(model, optimizer, scheduler, steps=3)
    model[0].requires_grad_(False)
    model[0].weight.grad = model[0].bias.grad = None
    train(model, optimizer, scheduler, steps=3)
    optimizer.param_groups.reverse()
    train(model, optimizer, scheduler, steps=3)
    del optimizer.param_groups[1]
    train(model, optimizer, steps=3)


def in_a_function_and_at_the_top():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    scheduler = ExponentialLR(optimizer, 0.9)

    def epoch():
        train(model, optimizer, steps=2)
        scheduler.step()

    for index in range(6):
        epoch()
        if index == 3:
            scheduler.step()
            scheduler.step(None)
            scheduler.step(epoch=7)


def one_rate_by_hand():
    model = net()
    optimizer = SGD(pair(model))
    for index in range(40):
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + index)
        train(model, optimizer, steps=1)


def by_hand_here_and_there():
    model = net()
    optimizer = SGD(pair(model))

    def write(rate):
        optimizer.param_groups[1]["lr"] = rate

    for index in range(20):
        write(0.1 / (1 + index))
        train(model, optimizer, steps=1)
        if index % 3 == 0:
            optimizer.param_groups[0]["lr"] *= 0.9
            train(model, optimizer, steps=1)


def by_hand_beside_another_optimizer():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    other = AdamW(model.parameters())
    for index in range(12):
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + index)
        if index in (6, 9):
            other.load_state_dict(other.state_dict())
        train(model, optimizer, steps=1)
        if index > 8:
            train(model, other, steps=1)


def by_hand_then_a_scheduler_that_goes():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    for index in range(12):
        if index % 4 == 3:
            ExponentialLR(optimizer, 0.9).step()
        else:
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + index)
        backward(model)
        optimizer.step()


def by_hand_over_a_scheduler_while_momentum_moves():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.5)
    scheduler = ExponentialLR(optimizer, 0.9)
    for index in range(16):
        optimizer.param_groups[0]["momentum"] = 0.5 + 0.01 * index
        if index % 3 == 2:
            scheduler.step()
        if index % 3:
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + index)
        backward(model)
        optimizer.step()


class Unequal(ExponentialLR):
    """A scheduler that cannot be compared."""

    def __eq__(self, other):
        raise RuntimeError(other)

    __hash__ = None


class UnequalAlone(Unequal):
    """The same, with a step of its own."""

    def step(self, epoch=None):
        super().step(epoch)


def incomparable():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    parts = [UnequalAlone(optimizer, 0.9), UnequalAlone(optimizer, 0.8)]
    train(model, optimizer, ChainedScheduler(parts), steps=4)


def a_sample_of_large_tensors():
    torch.manual_seed(0)
    model = torch.nn.Linear(300, 201)
    with torch.no_grad():
        model.weight[::3] = 0
    half = torch.nn.Linear(200, 200, dtype=torch.bfloat16)
    groups = [{"params": model.parameters()}, {"params": half.parameters()}]
    optimizer = AdamW(groups, lr=torch.tensor(0.01), weight_decay=0.1)
    for step in range(5):
        optimizer.zero_grad()
        loss = model(torch.randn(4, 300)).relu().square().mean()
        (loss + half(torch.randn(2, 200).bfloat16()).float().mean()).backward()
        if step == 3:
            model.weight.grad[::7, ::5] = torch.inf
        if step == 4:
            half.weight.grad[0, 0] = torch.nan
        optimizer.step()


RARE = [
    a_sample_of_large_tensors, by_hand_then_a_scheduler_that_goes, incomparable,
    by_hand_over_a_scheduler_while_momentum_moves,
    chains_of_chains, a_child_fails, one_rate_by_hand, by_hand_here_and_there,
    by_hand_beside_another_optimizer, one_after_another, chained, a_scheduler_of_the_users_own, a_step_raises,
    backward_raises, scaled, checkpointed, very_many_backward_calls,
    optimizers_come_and_go, frozen_for_a_while, in_a_function_and_at_the_top,
]  # fmt: skip
