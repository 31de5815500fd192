"""Sums and losses of a device are written when they have come; nothing waits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD

import lrscope
from lrscope.capture import late, values
from lrscope.capture.effective import gauge

from .oracle import Oracle, assert_measured, loss_of, net, step


class Slow:
    """Stands for numbers on their way from a device: they come in order, later."""

    patience = 5
    made = 0

    def __init__(self, tensor):
        self._copy = tensor.detach().clone()
        Slow.made += 1
        self._number = Slow.made

    def has_come(self):
        return Slow.made >= self._number + self.patience

    def numbers(self):
        return self._copy.tolist()


@pytest.fixture
def far(monkeypatch):
    """Let everything that is measured seem to be on a device."""
    monkeypatch.setattr(gauge, "is_at_hand", lambda _: False)
    monkeypatch.setattr(gauge, "Arrival", Slow)
    monkeypatch.setattr(values, "is_on_host", lambda _: False)
    monkeypatch.setattr(late, "Arrival", Slow)
    monkeypatch.setattr(late, "PATIENCE", 0.0)


@pytest.mark.usefixtures("far")
def test_what_comes_late_is_told_of_the_step_it_belongs_to(measured):
    def run():
        model = net()
        optimizer = SGD(
            [{"params": model[0].parameters()}, {"params": model[2].parameters()}],
            lr=0.1,
        )
        oracle = Oracle(optimizer)
        losses = [step(optimizer, model, oracle) for _ in range(12)]
        return oracle, losses

    (oracle, losses), run = measured(run)
    for number, track in enumerate(run.main.tracks):
        known = len(track.measured)
        assert known >= 8  # the last ones had not come when the block ended
        assert_measured(track, number, oracle, steps=range(known))
        told = np.isfinite(track.loss)
        assert told.sum() >= 8
        np.testing.assert_allclose(track.loss[told], np.array(losses)[told], rtol=1e-6)


@pytest.mark.usefixtures("far")
def test_a_scaled_loss_that_comes_late_is_told_without_its_factor(measured):
    def run():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu", init_scale=512.0, growth_interval=2)
        losses = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = loss_of(model)
            scaler.scale(loss).backward()
            losses.append(loss.item())
            scaler.step(optimizer)
            scaler.update()
        return losses

    losses, run = measured(run)
    found = run.track("sgd/all").loss
    told = np.isfinite(found)
    assert told.sum() >= 6
    np.testing.assert_allclose(found[told], np.array(losses)[told], rtol=1e-6)


@pytest.mark.usefixtures("far")
def test_what_never_comes_leaves_a_recording_without_it(measured, monkeypatch):
    monkeypatch.setattr(Slow, "patience", 10**9)

    def run():
        weight = nn.Parameter(torch.ones(3))
        optimizer = SGD([weight], lr=0.1)
        for _ in range(3):
            weight.grad = torch.ones(3)
            optimizer.step()
            lrscope.log(accuracy=torch.tensor(1.0))

    _, run = measured(run)
    track = run.track("sgd/all")
    assert len(track) == 3
    assert track.measured is None
    assert np.isnan(run.main.values["accuracy"].values).all()
