"""Steps that a CUDA graph holds, with a stand-in for the graph; see tests/gpu too.

The stand-in runs the program's function at each replay, as a graph runs its kernels.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import ExponentialLR
from torch.utils.data import DataLoader

import lrscope
from lrscope.audit.audit import audit_run
from lrscope.audit.finding import INFO
from lrscope.capture import graphs, late
from lrscope.capture.journal import MOST_PENDING
from lrscope.capture.printing import Printer
from lrscope.capture.recorder import Recorder
from lrscope.recording import events

from .trainings import loss_of, net, step

capturing = []


class StandIn:
    """What torch.cuda.CUDAGraph does, as far as a recorder can see."""

    def __init__(self):
        self._kernels = None

    def capture_begin(self):
        capturing.append(threading.get_ident())

    def capture_end(self):
        capturing.remove(threading.get_ident())

    def keep(self, kernels):
        self._kernels = kernels

    def replay(self):
        self._kernels()


def _is_captured(_):
    return threading.get_ident() in capturing


def another(**methods):
    """Return a class of graphs of its own."""
    return type("Graph", (), {**vars(StandIn), **methods})


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch):
    monkeypatch.setattr(torch.cuda.graphs, "CUDAGraph", StandIn)
    for module in (graphs, late):
        monkeypatch.setattr(module, "is_captured", _is_captured)
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


def backward_alone(model):
    """Return a graph of a backward() without a step."""
    graph = StandIn()
    graph.capture_begin()
    loss_of(model).backward()
    graph.capture_end()
    graph.keep(lambda: None)
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
        graph = backward_alone(model)
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


def test_a_capture_that_fails_leaves_nothing(recorded, monkeypatch):
    def fails(graph):
        StandIn.capture_end(graph)
        message = "CUDA error: operation failed due to a previous error"
        raise RuntimeError(message)

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        step(optimizer, model)
        graph = torch.cuda.graphs.CUDAGraph()
        graph.capture_begin()
        step(optimizer, model)
        with pytest.raises(RuntimeError, match="CUDA error"):
            graph.capture_end()
        step(optimizer, model)

    monkeypatch.setattr(torch.cuda.graphs, "CUDAGraph", another(capture_end=fails))
    _, run = recorded(train)
    ratio = run.main.ratio()
    assert (ratio.updates, ratio.backward_calls) == (2, 2)


@pytest.mark.parametrize("fused", [False, True])
def test_a_scaled_step_that_is_captured_is_none_that_was_left_out(recorded, fused):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        graph = StandIn()
        graph.capture_begin()
        for _ in range(2):
            optimizer.zero_grad()
            scaler.scale(loss_of(model)).backward()
            scaler.step(optimizer)
            scaler.update()
        graph.capture_end()
        graph.keep(lambda: None)
        graph.replay()
        step(optimizer, model)

    _, run = recorded(train)
    ratio = run.main.ratio()
    assert (ratio.updates, ratio.skipped, ratio.backward_calls) == (3, 0, 3)


def test_a_rate_that_became_a_tensor_is_not_asked_for_its_value(recorded):
    class Far(torch.Tensor):
        device = torch.device("meta")

        def __bool__(self):
            raise AssertionError("somebody waited")

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        graph = captured(optimizer, model)
        optimizer.param_groups[0]["lr"] = torch.tensor(0.2).as_subclass(Far)
        graph.replay()

    _, run = recorded(train)
    (told,) = run.main.events.of(events.GraphKeepsRate)
    assert (told.kept, told.wanted) == (0.1, None)
    assert not run.main.events.of(events.Trouble)


def test_of_several_steps_in_a_graph_the_last_tells_whether_a_rate_is_used(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.5)
        graph = StandIn()
        graph.capture_begin()
        step(optimizer, model)
        scheduler.step()
        step(optimizer, model)
        graph.capture_end()
        graph.keep(lambda: None)
        graph.replay()

    _, run = recorded(train)
    assert run.track("sgd/all").applied.tolist() == [0.1, 0.05]
    assert not run.main.events.of(events.GraphKeepsRate)


def test_threads_that_capture_at_once_hold_their_own(recorded):
    def train():
        turn = threading.Barrier(2, timeout=30)
        model = [net(seed=0), net(seed=1)]
        optimizers = [SGD(model[0].parameters(), lr=0.1), Adam(model[1].parameters())]

        def work(own):
            graph = StandIn()
            turn.wait()
            graph.capture_begin()
            turn.wait()
            loss_of(model[own]).backward()
            optimizers[own].step()
            turn.wait()
            graph.capture_end()
            graph.keep(lambda: None)
            for _ in range(1 + own):
                graph.replay()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, range(2)))

    _, run = recorded(train)
    assert len(run.track("sgd/all").applied) == 1
    assert len(run.track("adam/all").applied) == 2


def test_a_graph_that_is_replayed_without_end_needs_no_end_of_memory(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        step(optimizer, model)
        graph = backward_alone(model)
        for _ in range(5000):
            graph.replay()

    _, run = recorded(train)
    assert run.main.ratio().backward_calls == 5001
    runs = run.main._contents.signatures.values()
    assert max(sum(times for _, times in each) for each in runs) <= MOST_PENDING + 1


def test_graphs_of_other_devices_are_known_too(recorded, monkeypatch):
    graphs_of_any = pytest.importorskip("torch.accelerator.graphs")
    monkeypatch.setattr(graphs_of_any, "Graph", another())

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        graph = graphs_of_any.Graph()
        graph.capture_begin()
        step(optimizer, model)
        graph.capture_end()
        graph.keep(lambda: None)
        graph.replay()
        graph.replay()

    _, run = recorded(train)
    assert run.track("sgd/all").applied.tolist() == [0.1, 0.1]


@pytest.mark.parametrize(("every", "steps"), [("1", [0, 1, 2, 3]), ("epoch", [0, 3])])
def test_what_is_replayed_is_printed_and_a_capture_is_not(
    tmp_path, capfd, every, steps
):
    recorder = Recorder(str(tmp_path), 0, Printer(every))
    recorder.start()
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    step(optimizer, model)
    lrscope.log(something=1.0)
    graph = captured(optimizer, model)
    for _ in DataLoader(range(3), batch_size=None):
        graph.replay()
    recorder.stop()
    lines = [each for each in capfd.readouterr().err.splitlines() if "step" in each]
    assert lines == [f"step {index} · sgd/all applied 1.00e-01" for index in steps]


def test_what_was_patched_is_put_back(tmp_path):
    before = dict(vars(StandIn))
    with lrscope.record(tmp_path / "run"):
        assert StandIn.replay is not before["replay"]
    assert dict(vars(StandIn)) == before
