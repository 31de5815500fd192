"""Recording never makes the process wait for a GPU."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR

import lrscope

from .trainings import (
    GPU,
    groups_of,
    loss_of,
    needs_gpu,
    net,
    never_waiting,
    on_gpu,
    step,
    trouble,
    weights_of,
)

pytestmark = needs_gpu
STEPS = 12


def plain_floats(model):
    optimizer = AdamW(groups_of(model))
    return optimizer, CosineAnnealingLR(optimizer, STEPS)


def tensors(model):
    optimizer = Adam(groups_of(model, on_gpu), capturable=True)
    return optimizer, ExponentialLR(optimizer, 0.9)


def fused_tensors(model):
    optimizer = AdamW(groups_of(model, on_gpu), fused=True)
    return optimizer, ExponentialLR(optimizer, 0.9)


def one_by_one(model):
    optimizer = SGD(groups_of(model), lr=0.1, momentum=0.9, foreach=False)
    return optimizer, ExponentialLR(optimizer, 0.9)


MADE = [plain_floats, tensors, fused_tensors, one_by_one]


def train(make):
    model = net(width=512)
    optimizer, scheduler = make(model)
    with never_waiting():
        for _ in range(STEPS):
            step(optimizer, model)
            scheduler.step()
    return weights_of(model)


@pytest.mark.parametrize("effective", [None, "every=1", ""])
@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_torch_would_tell_if_recording_waited(recorded, capfd, make, effective):
    plain = train(make)
    watched, run = recorded(train, make, effective=effective)
    assert capfd.readouterr().err == ""
    assert watched == plain
    assert not trouble(run)
    for track in run.main.tracks:
        assert len(track.applied) == STEPS


@pytest.fixture
def warm(tmp_path):
    """Have each kernel loaded: CUDA loads it when it is first used, and waits then."""
    for make in MADE:
        model = net(width=512)
        optimizer, scheduler = make(model)
        with lrscope.record(tmp_path / f"warm {make.__name__}", effective="every=1"):
            for _ in range(2):
                step(optimizer, model)
                scheduler.step()


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("effective", [None, "every=1"])
@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_steps_return_while_the_gpu_is_still_busy(tmp_path, make, effective):
    model = net(width=512)
    optimizer, scheduler = make(model)
    step(optimizer, model)  # torch's own first step asks for memory
    done = torch.cuda.Event()
    torch.cuda.synchronize()
    with lrscope.record(tmp_path / "run", effective=effective):
        torch.cuda._sleep(int(2e9))  # one second or so
        for _ in range(4):
            step(optimizer, model)
            scheduler.step()
        done.record()
        waited = done.query()
    assert not waited
    tracks = lrscope.read_run(tmp_path / "run").main.tracks
    assert [len(each.applied) for each in tracks] == [4, 4]


@pytest.mark.parametrize("effective", [None, "every=1"])
def test_a_fused_step_under_a_scaler_is_not_waited_for(recorded, capfd, effective):
    def scaled():
        model = net()
        optimizer = SGD(groups_of(model), lr=0.1, fused=True)
        scaler = torch.amp.GradScaler(GPU, init_scale=2.0**10, growth_interval=3)
        finite = torch.ones((), device=GPU)
        factors = [finite, finite, finite * float("inf"), finite, finite, finite]
        with never_waiting():
            for factor in factors:
                optimizer.zero_grad()
                with torch.autocast(GPU, dtype=torch.float16):
                    loss = loss_of(model) * factor
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
        return weights_of(model)

    plain = scaled()
    watched, run = recorded(scaled, effective=effective)
    assert capfd.readouterr().err == ""
    assert watched == plain
    assert not trouble(run)
    for track in run.main.tracks:
        assert track.attempted.updated.tolist() == [True, True, False, True, True, True]
