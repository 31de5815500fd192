"""Recorders come and go and leave nothing behind, and steps do not fill the memory."""

from __future__ import annotations

import gc
import shutil
import sys
import weakref

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR, OneCycleLR
from torch.optim.optimizer import _global_optimizer_pre_hooks
from torch.utils.data import DataLoader, TensorDataset

import lrscope

from .trainings import net, pair, train


def _grown(work, times, *, warm=10):
    """Return how many blocks of memory more are in use after ``times`` times."""
    for _ in range(warm):
        work()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(times):
        work()
    gc.collect()
    return sys.getallocatedblocks() - before


def test_a_leak_would_be_seen():
    kept = []
    # what tests before this one left may be freed meanwhile
    assert max(_grown(lambda: kept.append([[]]), 200) for _ in range(3)) >= 200
    assert _grown(lambda: [[]], 200) < 50


def test_two_hundred_recordings_leave_nothing_behind(tmp_path):
    def work():
        # always the same name: pathlib keeps each part of a path for good
        with lrscope.record(tmp_path / "run"):
            model = net()
            optimizer = SGD(model.parameters(), lr=0.1)
            for _ in DataLoader(TensorDataset(torch.zeros(2, 1))):
                train(model, optimizer, ExponentialLR(optimizer, 0.9), steps=3)
        shutil.rmtree(tmp_path / "run")

    assert _grown(work, 200) < 150


def test_what_a_recording_put_in_place_is_freed_after_it(tmp_path):
    others = set(_global_optimizer_pre_hooks)
    with lrscope.record(tmp_path / "run"):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        train(model, optimizer, ExponentialLR(optimizer, 0.9), steps=3)
        hooks = [
            hook
            for number, hook in _global_optimizer_pre_hooks.items()
            if number not in others
        ]
        gone = [
            weakref.ref(each)
            for each in (torch.autograd.backward, ExponentialLR.step, *hooks)
        ]
    del hooks
    gc.collect()
    assert [each() for each in gone] == [None] * len(gone)


def test_twenty_thousand_steps_take_no_more_memory_than_a_few(tmp_path):
    one = torch.nn.Parameter(torch.ones(1))
    one.grad = torch.zeros(1)
    other = torch.nn.Parameter(torch.ones(1))
    other.grad = torch.zeros(1)
    with lrscope.record(tmp_path / "run"):
        first, second = SGD([one], lr=0.1), SGD([other], lr=0.1, momentum=0.9)
        schedulers = [
            ExponentialLR(first, 0.9999),
            OneCycleLR(second, 0.1, total_steps=30_000),
        ]

        def work():
            for optimizer, scheduler in zip((first, second), schedulers, strict=True):
                one.sum().backward()
                optimizer.step()
                scheduler.step()

        assert _grown(work, 10_000, warm=2_000) < 1_000
    assert lrscope.read_run(tmp_path / "run").main.ratio().updates == 24_000


def test_of_optimizers_that_came_and_went_no_more_is_kept_than_in_python(
    tmp_path, in_python
):
    def work():
        model = net()
        optimizer = SGD(pair(model), momentum=0.9)
        train(model, optimizer, OneCycleLR(optimizer, 0.1, total_steps=9), steps=4)

    with lrscope.record(tmp_path / "c"):
        in_c = _grown(work, 30)
    with in_python(), lrscope.record(tmp_path / "python"):
        assert in_c < _grown(work, 30) + 150  # a list a step would be 240
