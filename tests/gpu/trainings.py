"""Small trainings on a GPU, and what they leave behind."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from lrscope.recording.events import (
    LossesGivenUp,
    MeasuringGivenUp,
    RateIsNoNumber,
    Trouble,
)

needs_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU that torch can use"
)
GPU = "cuda"


def net(*, seed=0, width=8):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(5, width), nn.Tanh(), nn.Linear(width, 3))
    return model.to(GPU)


def inputs():
    return torch.arange(30.0, device=GPU).view(6, 5) / 30


def loss_of(model):
    return model(inputs()).square().mean()


def groups_of(model, rate=lambda number: number):
    return [
        {"params": model[0].parameters(), "lr": rate(0.1)},
        {"params": model[2].parameters(), "lr": rate(0.003)},
    ]


def on_gpu(number):
    return torch.tensor(number, device=GPU)


def step(optimizer, model):
    optimizer.zero_grad()
    loss = loss_of(model)
    loss.backward()
    optimizer.step()
    return loss.detach()


def weights_of(model):
    return [each.detach().cpu().numpy().tobytes() for each in model.parameters()]


@contextlib.contextmanager
def never_waiting():
    """Have torch raise an error wherever the process would wait for the GPU."""
    torch.cuda.synchronize()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls this mode a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def trouble(run):
    """Return what a recording tells of trouble of its own."""
    kinds = (Trouble, MeasuringGivenUp, LossesGivenUp, RateIsNoNumber)
    events = (event for process in run.processes for event in process.events)
    return [each for each in events if isinstance(each, kinds)]


class Oracle:
    """Looks at every step of one optimizer: clones before, compares after."""

    def __init__(self, optimizer):
        self._optimizer = optimizer
        self.steps = []

    @contextlib.contextmanager
    def looking(self):
        weights, slopes = self._all(lambda p: p), self._all(lambda p: p.grad)
        yield
        after = self._all(lambda p: p)
        self.steps.append(
            [
                {
                    "moved_moved": (b - a) @ (b - a),
                    "moved_gradient": (b - a) @ g,
                    "gradient_gradient": g @ g,
                    "weight_weight": a @ a,
                }
                for a, b, g in zip(weights, after, slopes, strict=True)
            ]
        )

    def _all(self, of):
        return [
            np.concatenate(
                [of(p).detach().double().cpu().flatten().numpy() for p in g["params"]]
            )
            for g in self._optimizer.param_groups
        ]
