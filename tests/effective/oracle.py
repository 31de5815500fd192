"""What a step moves, plainly: clone everything before it, compare after it."""

from __future__ import annotations

import contextlib

import numpy as np
import torch
from torch import nn


def numbers(tensor):
    """Return the real numbers in a tensor as float64."""
    tensor = getattr(tensor, "_local_tensor", tensor).detach()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    return tensor.double().flatten().numpy().copy()


def _gradient(parameter):
    if parameter.grad is None:
        return np.zeros_like(numbers(parameter))
    return numbers(parameter.grad)


class Oracle:
    """Looks at every step of one optimizer.

    Attributes:
        steps: for each step and group, sums by name.
    """

    def __init__(self, optimizer, *, late_gradients=False):
        self._optimizer = optimizer
        self._late = late_gradients
        self.steps = []

    def _groups(self, of):
        return [
            np.concatenate([np.zeros(0), *map(of, group["params"])])
            for group in self._optimizer.param_groups
        ]

    @contextlib.contextmanager
    def looking(self):
        weights, gradients = self._groups(numbers), self._groups(_gradient)
        yield
        after = self._groups(numbers)
        if self._late:
            gradients = self._groups(_gradient)
        self.steps.append(
            [
                _sums(now - before, gradient, before)
                for now, before, gradient in zip(after, weights, gradients, strict=True)
            ]
        )


def _sums(moved, gradient, weight):
    return {
        "moved_moved": moved @ moved,
        "moved_gradient": moved @ gradient,
        "moved_weight": moved @ weight,
        "gradient_gradient": gradient @ gradient,
        "gradient_weight": gradient @ weight,
        "weight_weight": weight @ weight,
        "gradient_not_zero": np.count_nonzero(gradient),
        "gradient_finite": np.isfinite(gradient).sum(),
        "elements_moved": np.count_nonzero(moved),
    }


def assert_measured(track, group, oracle, steps=None):
    """Check that a track tells what an oracle saw."""
    measured = track.measured
    steps = range(len(oracle.steps)) if steps is None else steps
    assert measured.steps.tolist() == list(steps)
    for place, step in enumerate(steps):
        expected = oracle.steps[step][group]
        scale = expected["weight_weight"] + expected["gradient_gradient"]
        for name, value in expected.items():
            found = getattr(measured.sums, name)[place]
            small = 1e-13 * scale if name.endswith("weight") else 0.0
            np.testing.assert_allclose(
                found, value, rtol=1e-9, atol=small, err_msg=f"{name} of step {step}"
            )


def net(*, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def loss_of(model):
    return model(torch.randn(6, 5)).square().mean()


def step(optimizer, model, oracle=None):
    """Take one ordinary training step."""
    optimizer.zero_grad()
    loss = loss_of(model)
    loss.backward()
    with oracle.looking() if oracle else contextlib.nullcontext():
        optimizer.step()
    return loss.item()


def train(optimizer, model, steps=4):
    """Train a net and return what an oracle saw."""
    oracle = Oracle(optimizer)
    for _ in range(steps):
        step(optimizer, model, oracle)
    return oracle
