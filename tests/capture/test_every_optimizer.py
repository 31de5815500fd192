"""Every optimizer of torch.optim, in every implementation that runs on a CPU."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn

from .trainings import bits, net, rates, same, weights_of

STEPS = 5
CLASSES = {
    name: kind
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind)
    if issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer
}


def _accepts(kind, way, tensor):
    """Say whether a class takes a tensor as lr in this implementation."""
    try:
        _optimizer(kind, way, tensor, _model(kind))
    except ValueError:
        return False
    return True


def _model(kind):
    torch.manual_seed(0)
    if kind.__name__ == "SparseAdam":
        return nn.ModuleList([nn.Embedding(6, 3, sparse=True) for _ in range(2)])
    if kind.__name__ == "Muon":
        return nn.ModuleList([nn.Linear(4, 4, bias=False) for _ in range(2)])
    return nn.ModuleList(list(net())[::2])


def _loss(model):
    if isinstance(model[0], nn.Embedding):
        return sum(each(torch.randint(6, (5,))).square().sum() for each in model)
    values = torch.randn(5, 4)
    return model[1](torch.tanh(model[0](values))).square().mean()


def _optimizer(kind, way, tensor, model):
    def rate(value):
        return torch.tensor(value, dtype=torch.float64) if tensor else value

    if kind.__name__ == "LBFGS":
        return kind(model.parameters(), lr=rate(0.3), max_iter=3)
    groups = [
        {"params": model[0].parameters(), "lr": rate(0.1)},
        {"params": model[1].parameters(), "lr": rate(0.003)},
    ]
    return kind(groups, lr=rate(0.1), **way)


def _train(kind, way, tensor, scheduled, seen):
    model = _model(kind)
    optimizer = _optimizer(kind, way, tensor, model)
    optimizer.register_step_pre_hook(lambda each, *_: seen.append(rates(each)))
    scheduler = None
    if scheduled:
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.7)

    def closure():
        optimizer.zero_grad()
        loss = _loss(model)
        loss.backward()
        return loss

    for index in range(STEPS):
        if kind.__name__ == "LBFGS":
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        if scheduler is not None:
            scheduler.step()
            continue
        for group in optimizer.param_groups:
            if tensor:
                group["lr"].mul_(0.9 - 0.1 * index)
            else:
                group["lr"] *= 0.9 - 0.1 * index
    return weights_of(model), optimizer.state_dict()


def _variants():
    for name, kind in CLASSES.items():
        parameters = inspect.signature(kind).parameters
        ways = (
            [{"foreach": False}, {"foreach": True}] if "foreach" in parameters else [{}]
        )
        if "fused" in parameters:
            ways.append({"fused": True})
        for way in ways:
            for tensor in (False, True):
                if tensor and not _accepts(kind, way, tensor):
                    continue
                for scheduled in (True, False):
                    words = [name, *(key + str(on) for key, on in way.items())]
                    words += ["tensor" if tensor else "float"]
                    words += ["scheduler" if scheduled else "by-hand"]
                    yield pytest.param(kind, way, tensor, scheduled, id="-".join(words))


@pytest.mark.parametrize(("kind", "way", "tensor", "scheduled"), list(_variants()))
def test_recorded_is_what_an_independent_hook_read_and_the_training_is_the_same(
    recorded, kind, way, tensor, scheduled
):
    plain = _train(kind, way, tensor, scheduled, [])
    seen = []
    watched, run = recorded(_train, kind, way, tensor, scheduled, seen)

    assert same(watched, plain)
    tracks = run.main.tracks
    assert len(tracks) == len(seen[0])
    for track, expected in zip(tracks, zip(*seen, strict=True), strict=True):
        assert bits(track.attempted.lr) == bits(expected)
        assert bits(track.applied) == bits(expected)
        assert track.attempted.updated.all()
        assert track.optimizer.class_name == kind.__name__


def test_every_class_that_torch_exports_is_in_the_table():
    ids = {each.values[0].__name__ for each in _variants()}
    assert ids == set(CLASSES)
    assert {"AdamW", "LBFGS", "SGD", "SparseAdam"} <= ids
