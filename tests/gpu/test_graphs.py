"""CUDA graphs: recording neither breaks nor enters one, and tells of each replay."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD, Adam

from lrscope.audit.audit import audit_run
from lrscope.recording.events import GraphKeepsRate

from .trainings import (
    groups_of,
    inputs,
    needs_gpu,
    net,
    never_waiting,
    on_gpu,
    trouble,
    weights_of,
)

pytestmark = [
    needs_gpu,
    pytest.mark.filterwarnings("ignore:The AccumulateGrad node"),  # of torch's own
]
REPLAYS = 5


def captured(once):
    """Return a graph of a function, warmed up as torch recommends."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            once()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        once()
    return graph


def train(rate):
    model = net()
    optimizer = Adam(groups_of(model, rate), capturable=True)
    given = inputs()
    losses = []

    def once():
        optimizer.zero_grad(set_to_none=True)
        loss = model(given).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss)

    graph = captured(once)
    seen = [loss.item() for loss in losses[:3]]
    for _ in range(REPLAYS):
        graph.replay()
        seen.append(losses[-1].item())
        for group in optimizer.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].mul_(0.5)
            else:
                group["lr"] *= 0.5
    with never_waiting():
        graph.replay()
    torch.cuda.synchronize()
    return weights_of(model), [*seen, losses[-1].item()]


@pytest.mark.parametrize("effective", [None, "every=1"])
@pytest.mark.parametrize("rate", [float, on_gpu], ids=["float", "tensor"])
def test_every_replay_is_a_step(recorded, capfd, rate, effective):
    plain = train(rate)
    (weights, losses), run = recorded(train, rate, effective=effective)
    assert capfd.readouterr().err == ""
    assert (weights, losses) == plain
    assert not trouble(run)
    falls = 0.5 if rate is on_gpu else 1.0
    for track, first in zip(run.main.tracks, (0.1, 0.003), strict=True):
        first = float(torch.tensor(first)) if rate is on_gpu else first  # noqa: PLW2901
        factors = [1.0] * 3 + [falls**index for index in range(REPLAYS + 1)]
        assert track.applied.tolist() == [first * each for each in factors]
        if effective:
            assert track.loss.tolist() == losses
    ratio = run.main.ratio()
    assert ratio.updates == ratio.backward_calls == 3 + REPLAYS + 1
    kept = run.main.events.of(GraphKeepsRate)
    assert len(kept) == (0 if rate is on_gpu else 2)
    found = {each.name for each in audit_run(run).findings}
    assert ("cuda-graph-bakes-lr" in found) == (rate is not on_gpu)


def test_a_tensor_that_is_replaced_is_not_the_one_that_the_graph_reads(recorded):
    def replaced():
        model = net()
        optimizer = Adam(groups_of(model, on_gpu), capturable=True)
        given = inputs()

        def once():
            optimizer.zero_grad(set_to_none=True)
            model(given).square().mean().backward()
            optimizer.step()

        graph = captured(once)
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * 0.5
        graph.replay()
        return weights_of(model)

    _, run = recorded(replaced)
    assert run.main.tracks[0].applied.tolist() == [float(torch.tensor(0.1))] * 4
    assert len(run.main.events.of(GraphKeepsRate)) == 2


def test_a_step_outside_of_the_graph(recorded):
    def outside():
        model = net()
        optimizer = SGD(groups_of(model), lr=0.1)
        given = inputs()

        def once():
            model.zero_grad(set_to_none=False)
            model(given).square().mean().backward()

        graph = captured(once)
        for _ in range(4):
            graph.replay()
            optimizer.step()
        return weights_of(model)

    plain = outside()
    watched, run = recorded(outside, effective="every=1")
    assert watched == plain
    assert not trouble(run)
    assert len(run.main.tracks[0].applied) == 4


@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_a_compiled_model_that_makes_graphs_of_its_own(recorded, capfd):
    def compiled():
        torch._dynamo.reset()
        model = net()
        optimizer = SGD(groups_of(model), lr=0.1)
        fast = torch.compile(model, mode="reduce-overhead")
        for _ in range(6):
            optimizer.zero_grad()
            fast(inputs()).square().mean().backward()
            optimizer.step()
        return weights_of(model)

    plain = compiled()
    capfd.readouterr()
    watched, run = recorded(compiled, effective="every=1")
    assert "lrscope" not in capfd.readouterr().err
    assert watched == plain
    assert not trouble(run)
    assert len(run.main.tracks[0].applied) == 6
    assert run.main.ratio().backward_calls == 6
