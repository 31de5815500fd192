"""A driver writes when a step begins; what a recorder says of it must not be older."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import SGD

import lrscope
from lrscope.capture.printing import Printer
from lrscope.capture.recorder import Recorder


def driven():
    weight = nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    optimizer = SGD([weight], lr=0.5)
    return optimizer, lrscope.drive(optimizer, lrscope.linear(4))


def test_next_is_what_the_driver_is_about_to_write(tmp_path):
    optimizer, driver = driven()
    with lrscope.record(tmp_path / "run"):
        for _ in range(2):
            optimizer.step()
        (told,) = lrscope.readings(optimizer)
        optimizer.step()
    applied = lrscope.read_run(tmp_path / "run").track("sgd/all").applied
    assert told.applied == applied[1]
    assert told.next == told.planned == applied[2] != applied[1]
    assert driver.step == 3


def test_the_next_rate_is_printed_as_it_was_applied(tmp_path, capfd):
    recorder = Recorder(str(tmp_path), 0, Printer("step"))
    recorder.start()
    optimizer, _ = driven()
    for _ in range(3):
        optimizer.step()
    recorder.stop()
    assert capfd.readouterr().err.splitlines()[:2] == [
        "step 0 · sgd/all applied 5.00e-01 · next 3.75e-01",
        "step 1 · sgd/all applied 3.75e-01 · next 2.50e-01",
    ]
