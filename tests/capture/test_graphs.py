"""Steps that a CUDA graph holds, with a stand-in for the graph; see tests/gpu too.

The stand-in runs the program's function at each replay, as a graph runs its kernels.
"""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR

import lrscope
from lrscope.audit.audit import audit_run
from lrscope.audit.finding import INFO
from lrscope.capture import graphs, late, rates
from lrscope.recording import events

from .trainings import loss_of, net, step

capturing = []


class StandIn:
    """What torch.cuda.CUDAGraph does, as far as a recorder can see."""

    def __init__(self):
        self._kernels = None

    def capture_begin(self):
        capturing.append(self)

    def capture_end(self):
        capturing.remove(self)

    def keep(self, kernels):
        self._kernels = kernels

    def replay(self):
        self._kernels()


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch):
    monkeypatch.setattr(torch.cuda.graphs, "CUDAGraph", StandIn)
    for module in (graphs, late, rates):
        monkeypatch.setattr(module, "is_captured", lambda _: bool(capturing))
    capturing.clear()


def captured(optimizer, model):
    """Return a graph of one training step, captured without an update."""
    groups = optimizer.param_groups

    def kernels():
        with torch.no_grad():
            for group, rate in zip(groups, kept, strict=True):
                for each in group["params"]:
                    each.sub_(rate * torch.ones_like(each))

    graph = StandIn()
    graph.capture_begin()
    weights = [each.detach().clone() for each in model.parameters()]
    step(optimizer, model)
    kept = [float(group["lr"]) for group in groups]
    with torch.no_grad():
        for each, before in zip(model.parameters(), weights, strict=True):
            each.copy_(before)
    graph.capture_end()
    graph.keep(kernels)
    return graph


def test_replays_are_steps_and_the_capture_is_none(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            step(optimizer, model)
        graph = captured(optimizer, model)
        for _ in range(3):
            graph.replay()
        step(optimizer, model)

    _, run = recorded(train)
    track = run.track("sgd/all")
    assert track.applied.tolist() == [0.1] * 6
    ratio = run.main.ratio()
    assert (ratio.updates, ratio.backward_calls) == (6, 6)


def test_a_rate_that_a_graph_keeps_is_the_one_that_was_applied(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.5)
        graph = captured(optimizer, model)
        for _ in range(4):
            graph.replay()
            scheduler.step()

    _, run = recorded(train)
    assert run.track("sgd/all").applied.tolist() == [0.1] * 4
    (told,) = run.main.events.of(events.GraphKeepsRate)
    assert (told.kept, told.wanted) == (0.1, 0.05)
    assert told.where[0] == __file__
    found = audit_run(run).findings
    assert [each.name for each in found if each.severity > INFO] == [
        "cuda-graph-bakes-lr"
    ]


def test_a_graph_of_backward_alone_counts_it_at_each_replay(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        step(optimizer, model)
        graph = StandIn()
        graph.capture_begin()
        loss_of(model).backward()
        graph.capture_end()
        graph.keep(lambda: None)
        for _ in range(3):
            graph.replay()
            optimizer.step()

    _, run = recorded(train)
    ratio = run.main.ratio()
    assert (ratio.updates, ratio.backward_calls) == (4, 4)


def test_a_loss_in_a_graph_is_noted_at_each_replay(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        graph = captured(optimizer, model)
        for _ in range(3):
            graph.replay()

    _, run = recorded(train, effective="every=1")
    track = run.track("sgd/all")
    assert len(track.loss) == 3
    assert len(set(track.loss.tolist())) == 1


def test_an_optimizer_met_during_a_capture_is_held_too(recorded):
    def train():
        model = net()
        graph = StandIn()
        graph.capture_begin()
        optimizer = SGD(model.parameters(), lr=0.25)
        step(optimizer, model)
        graph.capture_end()
        graph.keep(lambda: None)
        graph.replay()
        graph.replay()
        step(optimizer, model)

    _, run = recorded(train)
    assert run.track("sgd/all").applied.tolist() == [0.25] * 3


def test_a_graph_that_holds_nothing_of_ours_is_only_replayed(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        count = []
        graph = StandIn()
        graph.capture_begin()
        graph.capture_end()
        graph.keep(lambda: count.append(1))
        for _ in range(3):
            graph.replay()
            step(optimizer, model)
        return count

    count, run = recorded(train)
    assert count == [1, 1, 1]
    assert len(run.track("sgd/all").applied) == 3
    assert not capturing


def test_what_was_patched_is_put_back(tmp_path):
    before = dict(vars(StandIn))
    with lrscope.record(tmp_path / "run"):
        assert StandIn.replay is not before["replay"]
    assert dict(vars(StandIn)) == before
