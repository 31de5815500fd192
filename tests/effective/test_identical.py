"""A training is the same, bit for bit, whether or not its steps are measured."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, Adam, AdamW

import lrscope

from .oracle import loss_of, net


def _amp():
    model = net()
    optimizer = AdamW(model.parameters(), lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=2)
    for index in range(8):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model) * (float("inf") if index == 3 else 1)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return model, optimizer


def _large():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4000), nn.Dropout(), nn.Linear(4000, 17))
    optimizer = Adam(model.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(model).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model, optimizer


def _closure():
    model = net()
    optimizer = LBFGS(model.parameters(), lr=0.3)
    values = torch.randn(6, 5)

    def closure():
        optimizer.zero_grad()
        loss = model(values).square().mean()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    return model, optimizer


def _warns():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(3):
        scheduler.step()  # before the optimizer: torch warns
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()
        lrscope.log(epoch=1)
    return model, optimizer


def _under_settings():
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.autograd.set_detect_anomaly(True, check_nan=False):
            return _large()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)


LOOPS = [_amp, _large, _closure, _warns, _under_settings]


def _flat(structure):
    if isinstance(structure, torch.Tensor):
        return (str(structure.dtype), structure.detach().numpy().tobytes())
    if isinstance(structure, dict):
        return [(key, _flat(value)) for key, value in structure.items()]
    if isinstance(structure, (list, tuple)):
        return [_flat(each) for each in structure]
    return repr(structure)


def _remains(loop):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model, optimizer = loop()
    return {
        "weights": _flat([each.detach() for each in model.parameters()]),
        "gradients": _flat([each.grad for each in model.parameters()]),
        "versions": [each._version for each in model.parameters()],
        "state": _flat(optimizer.state_dict()),
        "attributes": [sorted(vars(each)) for each in (model, optimizer)],
        "random": _flat(torch.get_rng_state()),
        "warnings": [
            (w.filename, w.lineno, w.category, str(w.message)) for w in warned
        ],
    }


@pytest.mark.parametrize("loop", LOOPS, ids=lambda each: each.__name__.strip("_"))
@pytest.mark.parametrize("effective", ["every=1", "every=2,by=parameter", ""])
def test_nothing_that_a_training_leaves_behind_is_changed(
    measured, capfd, loop, effective
):
    with contextlib.suppress(Exception):
        loop()  # what is told once a process has been told
    plain = _remains(loop)
    watched, run = measured(_remains, loop, effective=effective)
    for key, value in plain.items():
        assert watched[key] == value, key
    assert len(run.main.tracks[0].measured) > 1
    assert not capfd.readouterr().err


def test_a_program_that_counts_its_operations_counts_no_more(measured):
    from torch.utils.flop_counter import FlopCounterMode

    def counted():
        torch.manual_seed(0)
        weight = nn.Parameter(torch.randn(40, 40))
        optimizer = torch.optim.Muon([weight], lr=0.1)
        weight.grad = torch.randn(40, 40)
        with FlopCounterMode(display=False) as counter:
            optimizer.step()
        return counter.get_total_flops()

    plain = counted()
    found, run = measured(counted)
    assert found == plain > 0
    assert len(run.track("muon/all").measured) == 1


def test_steps_within_backward_are_measured_and_have_its_loss(measured):
    def trained():
        model = net()
        optimizers = {each: SGD([each], lr=0.1) for each in model.parameters()}

        def update(parameter):
            optimizers[parameter].step()
            optimizers[parameter].zero_grad()

        for each in optimizers:
            each.register_post_accumulate_grad_hook(update)
        losses = []
        for _ in range(3):
            loss = loss_of(model)
            loss.backward()
            losses.append(loss.item())
        return losses

    losses, run = measured(trained)
    assert len(run.main.tracks) == 4
    for track in run.main.tracks:
        np.testing.assert_allclose(track.measured.effective, 0.1, rtol=1e-4)
        np.testing.assert_allclose(track.loss, losses, rtol=1e-12)
