"""Several threads train at once, and each row is there with the right rates."""

from __future__ import annotations

import sys
import threading

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR

import lrscope

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
