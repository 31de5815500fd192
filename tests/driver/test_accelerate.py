"""Inside accelerate, with a scheduler that it steps and without one."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import pytest
import torch

import lrscope

from .page import run
from .training import PLAN, seen

BATCHES = [torch.ones(1, 1)] * 12
RATES = [[0.1 * PLAN(step)] for step in range(6)]


@pytest.fixture
def accelerator():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says of itself
        accelerate = pytest.importorskip("accelerate")
    for shared in (accelerate.state.AcceleratorState, accelerate.state.GradientState):
        shared._reset_state()  # what others made in this process would be taken over
    return accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)


@pytest.fixture
def model():
    return torch.nn.Linear(1, 1)


@pytest.fixture
def optimizer(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


def test_it_steps_a_scheduler_once_an_update(accelerator, model, optimizer):
    rates = seen(optimizer)
    scheduler = lrscope.as_torch(PLAN, optimizer)
    model, optimizer, scheduler = accelerator.prepare(model, optimizer, scheduler)
    for batch in BATCHES:
        with accelerator.accumulate(model):
            accelerator.backward(model(batch).sum())
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    assert rates == RATES


def test_it_steps_a_scheduler_once_for_each_process(
    accelerator, optimizer, monkeypatch
):
    scheduler = accelerator.prepare(lrscope.as_torch(PLAN, optimizer))
    three = SimpleNamespace(num_processes=3)
    monkeypatch.setattr("accelerate.scheduler.AcceleratorState", lambda: three)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.1 * PLAN(3)]


def test_it_is_driven_without_a_scheduler(accelerator, model, optimizer):
    rates = seen(optimizer)
    names = {"accelerator": accelerator, "model": model, "optimizer": optimizer}
    shown = run("Accelerate", **names, batches=BATCHES, lrscope=lrscope, schedule=PLAN)
    assert rates == RATES
    assert shown["driver"].step == 6
