"""On a GPU the same is recorded as on a CPU, and the training is the same."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import ExponentialLR

import lrscope

from .trainings import (
    GPU,
    Oracle,
    groups_of,
    loss_of,
    needs_gpu,
    net,
    on_gpu,
    step,
    trouble,
    weights_of,
)

pytestmark = needs_gpu
STEPS = 5
CLASSES = {
    name: kind
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind)
    if issubclass(kind, torch.optim.Optimizer)
    if name not in ("Optimizer", "LBFGS", "SparseAdam")
}


def model_for(kind):
    torch.manual_seed(0)
    if kind.__name__ == "Muon":
        return nn.ModuleList([nn.Linear(4, 4, bias=False) for _ in range(2)]).to(GPU)
    return nn.ModuleList([nn.Linear(4, 3), nn.Linear(3, 2)]).to(GPU)


def made(kind, way, model, *, tensor):
    rate = on_gpu if tensor else float
    groups = [
        {"params": model[0].parameters(), "lr": rate(0.1)},
        {"params": model[1].parameters(), "lr": rate(0.003)},
    ]
    return kind(groups, lr=rate(0.1), **way)


def train(kind, way, seen, *, tensor, scheduled):
    model = model_for(kind)
    optimizer = made(kind, way, model, tensor=tensor)

    def look(each, *_):
        seen.append([float(group["lr"]) for group in each.param_groups])

    optimizer.register_step_pre_hook(look)
    scheduler = ExponentialLR(optimizer, 0.7) if scheduled else None
    for index in range(STEPS):
        optimizer.zero_grad()
        values = torch.randn(5, 4, device=GPU)
        model[1](
            torch.tanh(model[0](values))[:, : model[1].in_features]
        ).square().mean().backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
            continue
        for group in optimizer.param_groups:
            if tensor:
                group["lr"].mul_(0.9 - 0.1 * index)
            else:
                group["lr"] *= 0.9 - 0.1 * index
    return weights_of(model)


def accepts(kind, way, *, tensor):
    try:
        made(kind, way, model_for(kind), tensor=tensor)
    except (ValueError, RuntimeError):
        return False
    return True


def variants():
    if not torch.cuda.is_available():
        return
    for name, kind in CLASSES.items():
        parameters = inspect.signature(kind).parameters
        names = [each for each in ("foreach", "fused") if each in parameters]
        ways = [{}, {"foreach": False}] if "foreach" in names else [{}]
        ways += [{"fused": True}] if "fused" in names else []
        ways += [{"capturable": True}] if "capturable" in parameters else []
        for way in ways:
            for tensor in (False, True):
                if not accepts(kind, way, tensor=tensor):
                    continue
                for scheduled in (False, True):
                    words = [name, *way, "tensor" if tensor else "float"]
                    words += ["scheduler" if scheduled else "by-hand"]
                    yield pytest.param(kind, way, tensor, scheduled, id="-".join(words))


@pytest.mark.parametrize(("kind", "way", "tensor", "scheduled"), list(variants()))
def test_every_optimizer(recorded, kind, way, tensor, scheduled):
    try:
        plain = train(kind, way, [], tensor=tensor, scheduled=scheduled)
    except (RuntimeError, ValueError, TypeError) as error:
        pytest.skip(f"torch: {error}")
    for effective in (None, "every=1"):
        seen = []
        watched, run = recorded(
            train, kind, way, seen, tensor=tensor, scheduled=scheduled,
            effective=effective,
        )  # fmt: skip
        assert watched == plain
        assert not trouble(run)
        for track, read in zip(run.main.tracks, np.array(seen).T, strict=True):
            assert track.applied.tobytes() == read.tobytes()


@pytest.mark.parametrize("kind", [SGD, AdamW])
@pytest.mark.parametrize("stream", [False, True])
def test_sums_and_losses(recorded, kind, stream):
    losses = []

    def measure():
        model = net(width=300)
        optimizer = kind(groups_of(model), lr=0.1, weight_decay=0.0)
        oracle = Oracle(optimizer)
        for _ in range(6):
            optimizer.zero_grad()
            loss = loss_of(model)
            loss.backward()
            with oracle.looking():
                optimizer.step()
            losses.append(loss.item())
        return oracle

    def anywhere():
        if not stream:
            return measure()
        with torch.cuda.stream(torch.cuda.Stream()):
            return measure()

    oracle, run = recorded(anywhere, effective="every=1")
    for number, track in enumerate(run.main.tracks):
        assert track.loss.tolist() == losses
        sums = track.measured.sums
        for place, told in enumerate(oracle.steps):
            for name, expected in told[number].items():
                found = getattr(sums, name)[place]
                assert found == pytest.approx(expected, rel=1e-9)


def test_the_effective_rate_of_sgd_is_its_rate(recorded):
    def train():
        model = net(width=300)
        optimizer = SGD(groups_of(model), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.9)
        for _ in range(6):
            step(optimizer, model)
            scheduler.step()

    _, run = recorded(train, effective="every=1")
    for track in run.main.tracks:
        np.testing.assert_allclose(track.measured.effective, track.applied, rtol=1e-5)


@pytest.mark.parametrize("fused", [False, True])
def test_updates_that_a_scaler_leaves_out(recorded, fused):
    def train():
        model = net()
        optimizer = SGD(groups_of(model), lr=0.1, fused=fused)
        scaler = torch.amp.GradScaler(GPU, init_scale=2.0**10, growth_interval=3)
        losses = []
        for index in range(8):
            optimizer.zero_grad()
            with torch.autocast(GPU, dtype=torch.float16):
                loss = loss_of(model) * (float("inf") if index in (2, 5) else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.item())
        return losses

    losses, run = recorded(train, effective="every=1")
    assert not trouble(run)
    for track in run.main.tracks:
        updated = track.attempted.updated.tolist()
        assert updated == [index not in (2, 5) for index in range(8)]
        kept = [each for index, each in enumerate(losses) if index not in (2, 5)]
        np.testing.assert_allclose(track.loss, kept, rtol=1e-3)


@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_a_compiled_step(recorded):
    def train():
        torch._dynamo.reset()
        model = net()
        optimizer = AdamW(groups_of(model, on_gpu), capturable=True)
        scheduler = ExponentialLR(optimizer, 0.9)
        take = torch.compile(optimizer.step)
        seen = []
        for _ in range(4):
            optimizer.zero_grad()
            loss_of(model).backward()
            seen.append([float(group["lr"]) for group in optimizer.param_groups])
            take()
            scheduler.step()
        return seen, weights_of(model)

    _, plain = train()
    (seen, watched), run = recorded(train)
    assert watched == plain
    for track, read in zip(run.main.tracks, np.array(seen).T, strict=True):
        assert track.applied.tolist() == read.tolist()


def test_readings_wait_for_the_value(tmp_path):
    model = net()
    optimizer = AdamW(groups_of(model, on_gpu), capturable=True)
    with lrscope.record(tmp_path / "run", effective="every=1"):
        for _ in range(3):
            step(optimizer, model)
        first, second = lrscope.readings(optimizer)
    assert first.next == float(optimizer.param_groups[0]["lr"])
    assert first.applied == first.next
    assert second.applied == second.next
    assert first.effective is not None
