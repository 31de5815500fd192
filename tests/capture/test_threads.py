"""Several threads train at once, and each row is there with the right rates."""

from __future__ import annotations

import sys
import threading

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR

import lrscope
from lrscope.capture import nesting
from lrscope.recording.events import StepRaised

STEPS = 300


def _train(number, trouble, all_met):
    try:
        model = torch.nn.Linear(2, 1)
        optimizer = SGD(model.parameters(), lr=0.1 * number, momentum=0.9)
        scheduler = ExponentialLR(optimizer, 0.99)
        for index in range(STEPS):
            if index == 1:
                all_met.wait()
            optimizer.zero_grad()
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            scheduler.step()
    except BaseException as error:
        trouble.append(error)
        raise


def _expected(number):
    model = torch.nn.Linear(2, 1)
    optimizer = SGD(model.parameters(), lr=0.1 * number)
    scheduler = ExponentialLR(optimizer, 0.99)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize("effective", [None, "every=7"])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_step_of_every_thread_is_recorded(tmp_path, count, effective):
    trouble, all_met = [], threading.Barrier(count)
    with lrscope.record(tmp_path / "run", effective=effective):
        threads = [
            threading.Thread(target=_train, args=(number, trouble, all_met))
            for number in range(1, count + 1)
        ]
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        finally:
            sys.setswitchinterval(before)
    assert not trouble
    process = lrscope.read_run(tmp_path / "run").main
    assert not process.problem
    found = sorted((each.applied.tolist() for each in process.tracks), key=max)
    assert found == [_expected(number) for number in range(1, count + 1)]


class Slow(SGD):
    """Lets another thread run in the midst of its step."""

    def __init__(self, *args, meanwhile, **kwargs):
        super().__init__(*args, **kwargs)
        self._meanwhile = meanwhile

    @torch.no_grad()
    def step(self):
        self._meanwhile()
        for group in self.param_groups:
            for each in group["params"]:
                each.sub_(each.grad, alpha=group["lr"])


def _in_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_threads_that_train_the_same_weights_each_have_their_rows(tmp_path):
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    other = SGD([weight], lr=0.25)
    with lrscope.record(tmp_path / "run"):
        optimizer = Slow([weight], lr=0.5, meanwhile=lambda: None)
        for meanwhile in (lambda: None, lambda: _in_a_thread(other.step).join()) * 3:
            optimizer._meanwhile = meanwhile
            optimizer.step()
    tracks = lrscope.read_run(tmp_path / "run").main.tracks
    assert [each.applied.tolist() for each in tracks] == [[0.5] * 6, [0.25] * 3]


def test_a_thread_that_starts_while_another_looks_for_steps_that_failed(
    tmp_path, monkeypatch
):
    ends, begun = threading.Event(), threading.Event()
    threads, looks = [], []
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(3)]
    for each in weights:
        each.grad = torch.ones(2)

    def wait():
        begun.set()
        ends.wait(30)

    looked = nesting._frames_of_threads

    def look():
        found = looked()
        if not looks:  # one thread steps all the while; now comes another
            looks.append(found)
            begun.clear()
            late = Slow(weights[1:2], lr=0.25, meanwhile=wait)
            threads.append(_in_a_thread(late.step))
            begun.wait(30)
        return found

    with lrscope.record(tmp_path / "run"):
        first = Slow(weights[:1], lr=0.5, meanwhile=wait)
        threads.append(_in_a_thread(first.step))
        begun.wait(30)
        monkeypatch.setattr(nesting, "_frames_of_threads", look)
        own = SGD(weights[2:], lr=0.125)
        own.step()
        own.step()
        ends.set()
        for each in threads:
            each.join()
    process = lrscope.read_run(tmp_path / "run").main
    assert sorted(each.applied.tolist() for each in process.tracks) == [
        [0.125, 0.125],
        [0.25],
        [0.5],
    ]
    assert not process.events.of(StepRaised)


def test_a_recording_that_begins_inside_of_a_step(tmp_path, capfd):
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    recording = lrscope.record(tmp_path / "run")
    optimizer = Slow([weight], lr=0.5, meanwhile=recording.__enter__)
    optimizer.step()
    optimizer._meanwhile = lambda: None
    optimizer.step()
    optimizer.step()
    recording.__exit__(None, None, None)
    assert capfd.readouterr().err == ""
    (track,) = lrscope.read_run(tmp_path / "run").main.tracks
    assert track.applied.tolist() == [0.5, 0.5]
