"""A small training in a few words, and what an audit says of it."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.optim import SGD, Optimizer

import lrscope
from audit.verdict import audited


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.body(x).relu())

    def groups(self, **more):
        """Two groups with rates of their own."""
        body, head = self.body.parameters(), self.head.parameters()
        return [{"params": body, "lr": 1e-3, **more}, {"params": head, "lr": 1e-1}]

    def loss(self):
        return self(torch.ones(3, 4)).square().mean()


def sgd(lr=0.1, model=None):
    model = model or Net()
    return model, SGD(model.parameters(), lr=lr, momentum=0.9)


def train(model, optimizer, updates=60, after=None, before=None):
    for update in range(updates):
        if before:
            before(update)
        optimizer.zero_grad()
        model.loss().backward()
        optimizer.step()
        if after:
            after(update)


def stepping(*schedulers):
    def after(_):
        for each in schedulers:
            each.step()

    return after


class Around(Optimizer):
    """A wrapper that never called ``Optimizer.__init__``, as accelerate's."""

    def __init__(self, inner):
        self.inner, self.param_groups = inner, inner.param_groups
        self.defaults, self.state = inner.defaults, inner.state

    def step(self, closure=None):
        return self.inner.step(closure)

    def zero_grad(self, *args):
        self.inner.zero_grad(*args)


class Outer(Optimizer):
    """A wrapper that is an optimizer of its own, as SAM."""

    def __init__(self, params, lr, *, apart):
        super().__init__(params, {"lr": lr})
        self.inner = SGD(self.param_groups, lr=lr)
        if apart:
            self.inner.load_state_dict(self.inner.state_dict())
        else:
            self.param_groups = self.inner.param_groups

    def step(self, closure=None):
        return self.inner.step(closure)


def judged(path, story):
    """Record a story and return its audit; what the story raises is part of it."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of some of these mistakes
        try:
            with lrscope.record(path):
                story()
        except (ValueError, KeyError, TypeError):
            pass
    return audited(lrscope.read_run(path))
