"""A compiled step is compiled and warned of as without the recorder."""

from __future__ import annotations

import logging

import pytest
import torch
from torch._dynamo.utils import counters
from torch.optim import AdamW
from torch.optim.lr_scheduler import LinearLR

import lrscope

from .trainings import applied, loss_of, net, same, weights_of


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()
    counters.clear()


def _train(lr, *, whole):
    torch._dynamo.reset()
    counters.clear()
    model = net()
    optimizer = AdamW(model.parameters(), lr=lr)
    scheduler = LinearLR(optimizer, total_iters=4)

    @torch.compile(backend="eager")
    def step():
        if whole:
            loss_of(model).backward()
        optimizer.step()
        scheduler.step()

    for _ in range(6):
        optimizer.zero_grad()
        if not whole:
            loss_of(model).backward()
        step()
    return weights_of(model), dict(counters["stats"]), counters["frames"]["total"]


def _warnings(caplog):
    return {
        each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING
    }


@pytest.mark.filterwarnings("ignore")  # what compilers say is theirs
@pytest.mark.parametrize(("is_tensor", "whole"), [(True, False), (False, True)])
def test_a_compiler_traces_no_function_of_the_recorder(
    tmp_path, caplog, is_tensor, whole
):
    def rate():
        return torch.tensor(0.1) if is_tensor else 0.1

    weights, graphs, frames = _train(rate(), whole=whole)
    said = _warnings(caplog)
    caplog.clear()
    with lrscope.record(tmp_path / "run"):
        found = _train(rate(), whole=whole)
    assert same(found[0], weights)
    assert found[1] == graphs
    assert found[2] <= frames
    assert _warnings(caplog) <= said
    [track] = lrscope.read_run(tmp_path / "run").main.tracks
    assert applied(track) == pytest.approx(
        [0.1 * (1 + min(t, 4) / 2) / 3 for t in range(6)]
    )
