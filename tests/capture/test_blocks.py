"""Blocks, functions and threads that are recorded."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

import lrscope
from lrscope.capture.active import active_recorder
from lrscope.errors import UsageError
from lrscope.recording import events

from .trainings import applied, bits, net, same, step, weights_of


def _train(rate=0.1, steps=3):
    model = net()
    optimizer = SGD(model.parameters(), lr=rate)
    for _ in range(steps):
        step(optimizer, model)
    return weights_of(model)


def _lrs_of(process):
    return [applied(each) for each in process.tracks]


def test_a_block_inside_a_block_warns_and_does_nothing_else(tmp_path):
    with lrscope.record(tmp_path / "outer"):
        _train(0.1)
        with pytest.warns(UserWarning, match="already recording to"):  # noqa: SIM117
            with lrscope.record(tmp_path / "inner") as inner:
                _train(0.2)
        _train(0.3)
    assert inner.path == (tmp_path / "outer").resolve()
    assert not (tmp_path / "inner").exists()
    run = lrscope.read_run(tmp_path / "outer")
    assert _lrs_of(run.main) == [[0.1] * 3, [0.2] * 3, [0.3] * 3]


def test_a_decorated_function_makes_a_segment_each_time_it_is_called(tmp_path):
    decorated = lrscope.record(tmp_path / "run")(_train)
    decorated(0.1)
    decorated(0.2)
    run = lrscope.read_run(tmp_path / "run")
    assert [each.segment for each in run.processes] == [0, 1]
    assert [_lrs_of(each) for each in run.processes] == [[[0.1] * 3], [[0.2] * 3]]


def test_a_decorator_without_parentheses_is_refused_in_words():
    with pytest.raises(UsageError, match=r"written @lrscope.record\(\)"):
        lrscope.record(_train)


@pytest.mark.filterwarnings("ignore:lrscope. already recording")
def test_a_decorated_function_that_calls_itself_is_recorded_to_its_end(tmp_path):
    @lrscope.record(tmp_path / "run")
    def train(depth):
        if depth:
            train(depth - 1)
        _train(0.1 * (depth + 1))

    train(1)
    run = lrscope.read_run(tmp_path / "run")
    assert _lrs_of(run.main) == [[0.1] * 3, [0.2] * 3]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, ValueError])
def test_a_block_that_ends_with_an_exception_is_sealed_and_says_so(tmp_path, kind):
    def train():
        with lrscope.record(tmp_path / "run"):
            _train()
            raise kind("enough")

    with pytest.raises(kind):
        train()
    run = lrscope.read_run(tmp_path / "run")
    assert run.main.ended
    assert not list((tmp_path / "run").rglob("*.tail"))
    [ended] = run.main.events.of(events.ProcessEnded)
    assert (ended.exception["type"], ended.exception["message"]) == (
        kind.__name__,
        "enough",
    )
    assert ended.exception["where"][0] == __file__


def test_an_exception_of_long_ago_did_not_end_the_block(recorded, monkeypatch):
    # a notebook keeps the last uncaught exception of any cell here
    monkeypatch.setattr("sys.last_value", ValueError("an earlier cell"), raising=False)
    _, run = recorded(_train)
    [ended] = run.main.events.of(events.ProcessEnded)
    assert ended.exception is None


def test_a_block_can_be_entered_again_after_it_failed(tmp_path):
    block = lrscope.record(tmp_path / "run")
    with pytest.raises(KeyError), block:
        raise KeyError
    with block:
        _train(0.4)
    assert _lrs_of(lrscope.read_run(tmp_path / "run").main) == [[0.4] * 3]


def test_nothing_of_a_recorder_stays_in_memory_after_its_block(recorded):
    # once in a process Dynamo lists torch's functions, those replaced then included
    torch._dynamo.trace_rules.get_torch_obj_rule_map()

    def train():
        _train()
        return weakref.ref(active_recorder())

    recorder, _ = recorded(train)
    gc.collect()
    assert recorder() is None


def _in_threads(*functions):
    results = [None] * len(functions)

    def call(index):
        results[index] = functions[index]()

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(functions))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return results


class _Meets(SGD):
    """Waits in its step until the other thread is in its own."""

    barrier = None

    def step(self, closure=None):
        self.barrier.wait(30)
        result = super().step(closure)
        self.barrier.wait(30)
        return result


def test_two_threads_that_train_at_once_are_told_apart(recorded):
    def train(rate):
        optimizer = _Meets([torch.nn.Parameter(torch.ones(3))], lr=rate)
        for index in range(20):
            for group in optimizer.param_groups:
                group["lr"] = rate / (index + 1)
                for each in group["params"]:
                    each.grad = torch.full_like(each, 0.1)
            optimizer.step()
        return [each.detach() for each in optimizer.param_groups[0]["params"]]

    def both():
        _train(0.125, 1)  # the recording has begun
        _Meets.barrier = threading.Barrier(2)
        return _in_threads(lambda: train(0.5), lambda: train(0.25))

    plain = both()
    watched, run = recorded(both)
    assert same(watched, plain)
    found = sorted((bits(each.applied) for each in run.main.tracks), reverse=True)
    expected = [bits(rate / (i + 1) for i in range(20)) for rate in (0.5, 0.25)]
    expected.append(bits([0.125]))
    assert sorted(found) == sorted(expected)


def test_two_threads_whose_first_steps_meet_share_one_recording(recorded):
    def train():
        optimizer = _Meets([torch.nn.Parameter(torch.ones(1))], lr=0.5)
        optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
        optimizer.step()

    def often():
        _Meets.barrier = threading.Barrier(4)
        _in_threads(*[train] * 4)

    for _ in range(20):
        _, run = recorded(often)
        assert len(run.processes) == 1
        assert len(run.main.tracks) == 4


def test_backward_calls_of_two_threads_are_all_counted(recorded):
    class Wait(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, value):
            return value.clone()

        @staticmethod
        def backward(_ctx, gradient):
            barrier.wait(30)
            return gradient

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            Wait.apply(model(torch.ones(1, 4))).sum().backward()
        optimizer.step()

    def both():
        _train(steps=1)
        _in_threads(train, train)

    barrier = threading.Barrier(2)
    _, run = recorded(both)
    assert run.main.ratio().backward_calls == 7


def test_schedulers_of_two_threads_are_not_inside_each_other(recorded):
    barrier = threading.Barrier(2)

    def together(index):
        if index:
            barrier.wait(30)
        return 0.5**index

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0)
        scheduler = LambdaLR(optimizer, together)
        for _ in range(3):
            for each in model.parameters():
                each.grad = torch.ones_like(each)
            optimizer.step()
            scheduler.step()
        optimizer.step()

    def both():
        _train(1.5, 1)
        _in_threads(train, train)

    _, run = recorded(both)
    assert {each.depth for each in run.main.events.of(events.SchedulerStepped)} == {0}
    assert _lrs_of(run.main) == [[1.5], *[[1.0, 0.5, 0.25, 0.125]] * 2]


def test_a_block_that_forgets_its_step_is_told_so(tmp_path, capsys):
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)

    @lrscope.record(tmp_path / "run")
    def forgetful():
        SGD(model.parameters(), lr=0.1)
        sum(each.sum() for each in model.parameters()).backward()

    forgetful()
    told = capsys.readouterr().err
    assert "so nothing was recorded: SGD (test_blocks.py:" in told
    assert "was made and backward() called, but optimizer.step() never" in told
    with lrscope.record(tmp_path / "run"):
        step(optimizer, model)
    assert [each.segment for each in lrscope.read_run(tmp_path / "run").processes] == [
        1
    ]
