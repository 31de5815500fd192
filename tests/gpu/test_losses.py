"""Losses on a GPU are gathered there, and each of them comes as it was."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.optim import SGD

import lrscope

from .trainings import GPU, groups_of, needs_gpu, net, never_waiting, trouble

pytestmark = needs_gpu
STEPS = 300


def train(dtype=torch.float32, *, stream=None, wait=True, scaler=None):
    model = net().to(dtype)
    optimizer = SGD(groups_of(model), lr=0.1)
    given = torch.rand((STEPS, 6, 5), device=GPU, dtype=dtype)
    kept = torch.empty(STEPS, device=GPU, dtype=dtype)
    with torch.cuda.stream(stream):
        for index in range(STEPS):
            optimizer.zero_grad()
            loss = model(given[index]).square().mean()
            kept[index].copy_(loss.detach())
            if scaler is None:
                loss.backward()
                optimizer.step()
            else:
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
            lrscope.log(own=loss)
            loss.detach().zero_()
            if wait and index % 50 == 0:
                torch.cuda.synchronize()
    torch.cuda.synchronize()
    return kept.double().tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("own_stream", [False, True])
@pytest.mark.parametrize("wait", [False, True])
def test_each_loss_comes_as_it_was(recorded, dtype, own_stream, wait):
    stream = torch.cuda.Stream() if own_stream else None
    torch.cuda.synchronize()
    losses, run = recorded(
        train, dtype, stream=stream, wait=wait, effective="every=100"
    )
    assert not trouble(run)
    for track in run.main.tracks:
        assert track.loss.tolist() == losses
        assert track.logged("own").values.tolist() == losses


def test_losses_under_a_scaler(recorded):
    scaler = torch.amp.GradScaler(GPU, init_scale=2.0**10, growth_interval=20)
    losses, run = recorded(train, scaler=scaler, effective="every=100")
    np.testing.assert_allclose(run.main.tracks[0].loss, losses, rtol=1e-6)


def test_nothing_waits_for_a_loss(recorded):
    def quickly():
        model = net()
        optimizer = SGD(groups_of(model), lr=0.1)
        given = torch.rand((6, 5), device=GPU)
        with never_waiting():
            for _ in range(STEPS):
                optimizer.zero_grad()
                model(given).square().mean().backward()
                optimizer.step()

    _, run = recorded(quickly, effective="every=100")
    assert not np.isnan(run.main.tracks[0].loss).any()


KILLED = """
import os, signal, time, torch
weight = torch.ones(3, device="cuda", requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.0)
for step in range(300):
    if step > 297:
        time.sleep(0.3)
    optimizer.zero_grad()
    (weight.sum() * step).backward()
    optimizer.step()
torch.cuda.synchronize()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_the_losses_of_the_last_moment_alone(tmp_path):
    (tmp_path / "train.py").write_text(KILLED)
    command = [sys.executable, "-m", "lrscope", "run", "--effective", "-o", "run"]
    subprocess.run([*command, "train.py"], cwd=tmp_path, check=False)
    track = lrscope.read_run(tmp_path / "run").main.tracks[0]
    assert len(track.applied) == 300
    assert track.loss[:298].tolist() == [3.0 * step for step in range(298)]
