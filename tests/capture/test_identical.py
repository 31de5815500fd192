"""A training is the same with and without the recorder, and torch is itself again after."""

from __future__ import annotations

import contextlib
import pickle
import types

import pytest
import torch
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

import lrscope

from .trainings import collected, loss_of, net, pair, same, step, weights_of


def _amp():
    model = net()
    optimizer = AdamW(pair(model), lr=0.1, fused=True)
    scheduler = ExponentialLR(optimizer, 0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=2)
    for index in range(8):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model) * (float("inf") if index == 3 else 1)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    return model, [optimizer], [scheduler], scaler.state_dict()


def _accumulation():
    model = net()
    optimizer = SGD(pair(model), momentum=0.9, nesterov=True)
    scheduler = CosineAnnealingLR(optimizer, 5)
    data = TensorDataset(torch.randn(24, 4))
    for _ in range(2):
        for index, (values,) in enumerate(DataLoader(data, 3, shuffle=True)):
            (model(values).square().mean() / 2).backward()
            if index % 2:
                optimizer.step()
                optimizer.zero_grad()
        scheduler.step()
    return model, [optimizer], [scheduler], None


def _one_cycle():
    model = net()
    optimizer = Adam(pair(model))
    scheduler = OneCycleLR(optimizer, max_lr=[0.1, 0.2], total_steps=12)
    for _ in range(11):
        step(optimizer, model)
        scheduler.step()
    return model, [optimizer], [scheduler], None


def _sequential():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    parts = [LinearLR(optimizer, total_iters=3), CosineAnnealingLR(optimizer, 5)]
    scheduler = SequentialLR(optimizer, parts, milestones=[3])
    for index in range(8):
        scheduler.step()  # before the optimizer: torch warns
        step(optimizer, model)
        if index == 4:
            optimizer.load_state_dict(optimizer.state_dict())
            scheduler.load_state_dict(scheduler.state_dict())
    return model, [optimizer], [scheduler], None


def _plateau():
    model = net()
    optimizers = [
        SGD(model[0].parameters(), lr=0.1),
        Adam(model[2].parameters(), lr=0.1),
    ]
    schedulers = [
        ReduceLROnPlateau(each, patience=0, cooldown=1) for each in optimizers
    ]
    for index in range(8):
        for optimizer, scheduler in zip(optimizers, schedulers, strict=True):
            step(optimizer, model)
            scheduler.step(1.0 + index % 3)
    return model, optimizers, schedulers, None


def _averaged():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    scheduler = SWALR(optimizer, swa_lr=0.01, anneal_epochs=4)
    for _ in range(6):
        step(optimizer, model)
        average.update_parameters(model)
        scheduler.step(4)  # the deprecated way: torch warns
    return model, [optimizer], [scheduler], weights_of(average)


LOOPS = [_amp, _accumulation, _one_cycle, _sequential, _plateau, _averaged]


def _remains(loop):
    """Return everything that a training leaves behind."""
    (model, optimizers, schedulers, more), warned = collected(loop)
    objects = [model, *optimizers, *schedulers]
    return {
        "weights": weights_of(model),
        "more": more,
        "optimizers": [each.state_dict() for each in optimizers],
        "schedulers": [pickle.dumps(each.state_dict()) for each in schedulers],
        "groups": [[list(g) for g in each.param_groups] for each in optimizers],
        "attributes": [sorted(vars(each)) for each in objects],
        "random": torch.get_rng_state(),
        "warnings": warned,
    }


@pytest.mark.parametrize("loop", LOOPS, ids=lambda each: each.__name__.strip("_"))
def test_nothing_that_a_training_leaves_behind_is_changed(recorded, loop):
    plain = _remains(loop)
    watched, run = recorded(_remains, loop)
    for key, value in plain.items():
        assert same(watched[key], value), key
    assert run.main.ratio().updates > 0


def _family(kind):
    return [kind, *(each for child in kind.__subclasses__() for each in _family(child))]


def _patched():
    """Return every attribute of whatever the recorder may touch in torch."""
    from torch.amp import grad_scaler
    from torch.optim import optimizer
    from torch.utils.data import dataloader

    owners = [
        torch.autograd, optimizer, grad_scaler, dataloader, torch.optim.lr_scheduler,
        torch.Tensor, grad_scaler.GradScaler, *_family(torch.optim.Optimizer),
        *_family(LRScheduler), *_family(dataloader.DataLoader),
        *_family(dataloader._BaseDataLoaderIter),
    ]  # fmt: skip
    return [(owner, dict(vars(owner))) for owner in owners]


def test_after_the_block_everything_in_torch_is_the_original_object_again(recorded):
    class Custom(ExponentialLR):
        def __init__(self, optimizer):
            super().__init__(optimizer, 0.9)

        def step(self, _epoch=None):
            super().step()

    def train():
        class Late(Custom):  # a class that is made while recording
            def step(self, _epoch=None):
                super().step()

        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = Late(optimizer)
        step(optimizer, model)
        scheduler.step()
        for _ in DataLoader(TensorDataset(torch.zeros(2, 1))):
            pass
        return Late

    SGD([torch.zeros(1)])  # torch itself hooks SGD.step once
    before = _patched()
    hooks = [dict(each) for each in _global_hooks()]
    late, _ = recorded(train)
    for owner, attributes in before:
        now = dict(vars(owner))
        changed = {
            k for k in now.keys() | attributes if now.get(k) is not attributes.get(k)
        }
        assert not changed - {"__doc__", "__weakref__", "__dict__"}, owner
    assert [dict(each) for each in _global_hooks()] == hooks
    assert not hasattr(late.step, "__wrapped__")
    assert isinstance(late.step, types.FunctionType)


def _global_hooks():
    from torch.optim import optimizer

    return optimizer._global_optimizer_pre_hooks, optimizer._global_optimizer_post_hooks


def test_objects_made_while_recording_go_on_alone_afterwards(tmp_path):
    def train(record):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        with record():
            scheduler = ExponentialLR(optimizer, 0.5)
            step(optimizer, model)
            scheduler.step()
        step(optimizer, model)
        scheduler.step()
        return weights_of(model), optimizer.state_dict(), scheduler.state_dict()

    plain = train(contextlib.nullcontext)
    assert same(train(lambda: lrscope.record(tmp_path / "run")), plain)
    assert lrscope.read_run(tmp_path / "run").track("sgd/all").applied.tolist() == [0.1]
