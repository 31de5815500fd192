"""Small trainings, and how to compare what they leave behind, bit for bit."""

from __future__ import annotations

import struct
import sys
import warnings

import numpy as np
import torch
from torch import nn


def bits(numbers):
    """Return numbers as bytes, so that -0.0 and every NaN are told apart."""
    numbers = list(numbers)
    return struct.pack(f"<{len(numbers)}d", *numbers)


def same(left, right):  # noqa: PLR0911
    """Say whether two structures hold the same types and the same bits."""
    if type(left) is not type(right):
        return False
    if isinstance(left, torch.Tensor):
        if left.is_sparse or left.dtype != right.dtype or left.shape != right.shape:
            return False
        return left.detach().numpy().tobytes() == right.detach().numpy().tobytes()
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[k], right[k]) for k in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return bits([left]) == bits([right])
    return bool(left == right)


def net(*, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))


def loss_of(model):
    return model(torch.randn(5, 4)).square().mean()


def weights_of(model):
    return [each.detach().clone() for each in model.parameters()]


def step(optimizer, model):
    """Take one ordinary training step."""
    optimizer.zero_grad()
    loss_of(model).backward()
    optimizer.step()


def pair(model, *, first=0.1, second=0.01):
    """Return two parameter groups of a net, called head and tail."""
    return [
        {"params": model[0].parameters(), "lr": first, "name": "head"},
        {"params": model[2].parameters(), "lr": second, "name": "tail"},
    ]


def rates(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def line():
    """Return the number of the line before the one that calls this."""
    return sys._getframe(1).f_lineno - 1


def collected(function):
    """Return a function's result and every warning, as (place, kind, text)."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = function()
    told = [(w.filename, w.lineno, w.category, str(w.message)) for w in found]
    return result, told


def applied(track):
    return np.asarray(track.applied).tolist()


class Plain(torch.optim.Optimizer):
    """An optimizer as people write their own."""

    def __init__(self, params, lr=0.1, **more):
        super().__init__(params, {"lr": lr, **more})

    @torch.no_grad()
    def step(self, _closure=None):
        for group in self.param_groups:
            for each in group["params"]:
                if each.grad is not None:
                    each.sub_(each.grad, alpha=group.get("used", 0.01))
