"""Every optimizer, of torch and of others, against a plain before and after."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from torch import nn

from .oracle import Oracle, assert_measured

CLASSES = {
    name: kind
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind)
    if issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer
}
UNMEASURED = {"SparseAdam"}
"""It takes sparse gradients alone."""

OTHERS = [
    ("schedulefree", "SGDScheduleFree", {"lr": 0.1}),
    ("schedulefree", "AdamWScheduleFree", {"lr": 0.01, "weight_decay": 0.1}),
    ("schedulefree", "RAdamScheduleFree", {"lr": 0.01}),
    ("prodigyopt", "Prodigy", {"weight_decay": 0.1}),
    ("pytorch_optimizer", "Lamb", {"lr": 0.01, "weight_decay": 0.1}),
    ("pytorch_optimizer", "LARS", {"lr": 0.1, "weight_decay": 0.1}),
    ("pytorch_optimizer", "Lion", {"lr": 0.01, "weight_decay": 0.1}),
    ("transformers.optimization", "Adafactor", {}),
    (
        "transformers.optimization",
        "Adafactor",
        {
            "lr": 0.01,
            "relative_step": False,
            "scale_parameter": False,
            "weight_decay": 0.1,
        },
    ),
]


def _model(kind):
    torch.manual_seed(0)
    if kind.__name__ == "Muon":
        return nn.ModuleList([nn.Linear(4, 4, bias=False) for _ in range(2)])
    return nn.ModuleList([nn.Linear(4, 5), nn.Linear(5, 2)])


def _train(make, kind):
    model = _model(kind)
    optimizer = make(model)
    oracle = Oracle(optimizer, late_gradients=kind.__name__ == "LBFGS")
    if hasattr(optimizer, "train"):
        optimizer.train()

    def closure():
        optimizer.zero_grad()
        loss = model[1](torch.tanh(model[0](torch.randn(6, 4)))).square().mean()
        loss.backward()
        return loss

    for _ in range(4):
        if kind.__name__ == "LBFGS":
            with oracle.looking():
                optimizer.step(closure)
        else:
            closure()
            with oracle.looking():
                optimizer.step()
    return oracle


def _variants():
    for name, kind in CLASSES.items():
        if name in UNMEASURED:
            continue
        accepted = inspect.signature(kind).parameters
        ways = [{}]
        if "foreach" in accepted:
            ways = [{"foreach": False}, {"foreach": True}]
        if "fused" in accepted:
            ways.append({"fused": True})
        for way in ways:
            for tensor in (False, True):
                if tensor and not _makes(kind, way):
                    continue
                words = [name, *way, str(*way.values()), "tensor" if tensor else ""]
                yield pytest.param(kind, way, tensor, id="-".join(filter(None, words)))


def _made(kind, way, model, *, tensor):
    rate = torch.tensor(0.01) if tensor else 0.01
    if kind.__name__ == "LBFGS":
        return kind(model.parameters(), lr=rate, max_iter=3)
    groups = [{"params": each.parameters()} for each in model]
    return kind(groups, lr=rate, **way)


def _makes(kind, way):
    try:
        _made(kind, way, _model(kind), tensor=True)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("kind", "way", "tensor"), list(_variants()))
def test_what_is_measured_is_what_really_moved(measured, kind, way, tensor):
    oracle, run = measured(
        _train, lambda model: _made(kind, way, model, tensor=tensor), kind
    )
    assert len(run.main.tracks) == len(oracle.steps[0])
    for number, track in enumerate(run.main.tracks):
        assert_measured(track, number, oracle)


def test_every_class_of_torch_is_in_the_table():
    assert {each.values[0].__name__ for each in _variants()} == {*CLASSES} - UNMEASURED


@pytest.mark.parametrize(
    ("module", "name", "more"), OTHERS, ids=[f"{n}-{len(m)}" for _, n, m in OTHERS]
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_it_is_so_for_those_of_other_libraries(measured, module, name, more):
    kind = getattr(pytest.importorskip(module), name)
    oracle, run = measured(
        _train, lambda model: kind(list(model.parameters()), **more), kind
    )
    (track,) = run.main.tracks
    assert_measured(track, 0, oracle)
    assert np.isfinite(track.measured.effective).all()


def test_sparse_gradients_are_named_and_not_measured(measured):
    def run():
        torch.manual_seed(0)
        sparse = nn.Embedding(6, 3, sparse=True)
        optimizer = torch.optim.SparseAdam(sparse.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            sparse(torch.randint(6, (5,))).square().sum().backward()
            optimizer.step()

    _, run = measured(run)
    from lrscope.recording.events import MeasuringBegan

    last = list(run.main.history.of(MeasuringBegan))[-1]
    ((group, _, why),) = last.left_out
    assert group == 0
    assert "sparse" in why
    assert run.main.tracks[0].measured is None
    assert run.measured("sparseadam/all") is None
    assert len(run.main.tracks[0]) == 3


def test_beside_sparse_gradients_the_others_are_measured(measured):
    def run():
        torch.manual_seed(0)
        sparse, dense = nn.Embedding(6, 3, sparse=True), nn.Linear(3, 1)
        optimizer = torch.optim.SGD([*sparse.parameters(), *dense.parameters()], lr=0.5)
        for _ in range(3):
            optimizer.zero_grad()
            dense(sparse(torch.randint(6, (5,)))).square().sum().backward()
            optimizer.step()

    _, run = measured(run)
    found = run.track("sgd/all").measured
    assert found.elements == 4
    assert found.steps.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.effective, 0.5, rtol=1e-5)
