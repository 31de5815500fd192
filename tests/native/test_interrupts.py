"""Ctrl-C reaches the program wherever it comes."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from lrscope import compiled
from lrscope.recording.places import Places

from .trainings import Strange, net, train


def test_an_interrupt_while_the_groups_are_looked_at_reaches_the_program(record):
    def training():
        model = net()
        optimizer = Strange(model.parameters(), lr=0.1)
        train(model, optimizer, steps=3)
        optimizer.trouble = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            optimizer.step()
        train(model, optimizer, steps=3)

    [track] = record(training).tracks
    assert track.applied.tolist() == [0.1] * 6


def test_an_interrupt_while_the_hooks_are_looked_at_reaches_the_program(record):
    class Hooks(dict):
        trouble = None

        def __bool__(self):
            trouble, self.trouble = self.trouble, None
            if trouble is not None:
                raise trouble
            return False

        def __len__(self):
            return int(bool(self))

    def training():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        optimizer._optimizer_step_pre_hooks = hooks = Hooks()
        train(model, optimizer, steps=3)
        hooks.trouble = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            optimizer.step()
        train(model, optimizer, steps=3)

    [track] = record(training).tracks
    assert track.applied.tolist() == [0.1] * 6


def test_an_interrupt_in_a_schedulers_step_reaches_the_program(record):
    def rate(step):
        if step == 4:
            raise KeyboardInterrupt
        return 0.5**step

    def training():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        scheduler = LambdaLR(optimizer, rate)
        with pytest.raises(KeyboardInterrupt):
            train(model, optimizer, scheduler)
        train(model, optimizer, scheduler, steps=2)

    process = record(training)
    assert process.tracks[0].applied.tolist() == [
        0.5,
        0.25,
        0.125,
        0.0625,
        0.0625,
        0.5**6,
    ]
    assert process.ratio().scheduler_steps == 6


class _Interrupted(torch.autograd.Function):
    @staticmethod
    def forward(_ctx, values):
        return values.clone()

    @staticmethod
    def backward(_ctx, _gradient):
        raise KeyboardInterrupt


def test_an_interrupt_within_backward_reaches_the_program(record):
    def training():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        train(model, optimizer, steps=2)
        with pytest.raises(KeyboardInterrupt):
            _Interrupted.apply(model(torch.ones(1, 4))).sum().backward()
        train(model, optimizer, steps=2)

    ratio = record(training).ratio()
    assert (ratio.updates, ratio.backward_calls) == (4, 5)


def _step_often(optimizer):
    for _ in range(5000):
        optimizer.step()


def test_an_interrupt_while_a_row_is_stored_reaches_the_program(record, monkeypatch):
    before = Places.open_part

    def interrupted(places):
        monkeypatch.setattr(Places, "open_part", before)
        raise KeyboardInterrupt

    def training():
        one = torch.nn.Parameter(torch.ones(1))
        one.grad = torch.zeros(1)
        optimizer = SGD([one], lr=0.5)
        optimizer.step()
        monkeypatch.setattr(Places, "open_part", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _step_often(optimizer)
        optimizer.step()

    assert record(training).tracks[0].applied.size > 100


def test_a_disk_that_fails_ends_the_recording_and_not_the_training(
    record, monkeypatch, capfd
):
    def full(places):
        raise OSError(28, "No space left on device")

    def training():
        one = torch.nn.Parameter(torch.ones(1))
        one.grad = torch.zeros(1)
        optimizer = SGD([one], lr=0.5)
        optimizer.step()
        monkeypatch.setattr(Places, "open_part", full)
        _step_often(optimizer)

    record(training)
    assert capfd.readouterr().err.count("lrscope: recording stopped (OSError") == 1


def test_an_interrupt_while_the_end_of_a_pass_is_noted_reaches_the_program():
    def ended(_):
        raise KeyboardInterrupt

    over = compiled.native.next(next, next, ended)
    with pytest.raises(KeyboardInterrupt):
        over(iter(()))


def test_the_end_of_a_pass_is_told_once_and_is_still_an_end():
    told = []
    over = compiled.native.next(next, next, told.append)
    batches = iter([1, 2])
    assert [over(batches), over(batches)] == [1, 2]
    with pytest.raises(StopIteration):
        over(batches)
    assert told == [batches]
