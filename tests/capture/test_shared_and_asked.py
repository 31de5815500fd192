"""A model that ranks share is told, and so is a program that reads ``get_lr()``."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import distributed
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ExponentialLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
    StepLR,
)

from lrscope.recording import events

from .trainings import collected, line, net, rates, same, step, weights_of

needs_gloo = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()),
    reason="torch was built without gloo",
)


@pytest.fixture
def alone():
    """Be the only rank of a job."""
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


class Own(DistributedDataParallel):
    """A wrapper as frameworks derive their own."""


def shared(wrap):
    """Train a model that is wrapped, return the line and the weights."""
    model = net()
    wrapped = wrap(model)
    here = line()
    optimizer = SGD(wrapped.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        wrapped(torch.ones(5, 4)).square().mean().backward()
        optimizer.step()
    return here, weights_of(model)


@needs_gloo
@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("wrap", [DistributedDataParallel, Own])
def test_a_model_given_to_ddp_is_told_once_with_its_line(recorded, wrap):
    bare = shared(wrap)
    watched, run = recorded(shared, wrap)
    assert same(watched, bare)
    [told] = run.main.events.of(events.ModelShared)
    assert told.wrapper == wrap.__name__
    assert told.where == (__file__, watched[0])
    assert told.row == 0


@needs_gloo
@pytest.mark.usefixtures("alone")
def test_a_model_given_to_fsdp_is_told(recorded):
    def train():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it would rather have a GPU
            return shared(lambda m: FullyShardedDataParallel(m, device_id=CPU))

    _, run = recorded(train)
    assert "FullyShardedDataParallel" in {
        each.wrapper for each in run.main.events.of(events.ModelShared)
    }


CPU = torch.device("cpu")


@pytest.mark.parametrize("wrap", [DataParallel, torch.nn.Sequential])
def test_what_one_process_keeps_to_itself_is_not_said_to_be_shared(recorded, wrap):
    _, run = recorded(shared, wrap)
    assert run.main.events.of(events.ModelShared) == ()


@needs_gloo
@pytest.mark.usefixtures("alone")
def test_a_wrapping_that_fails_is_the_users_to_see_and_is_not_told(recorded):
    def train():
        with pytest.raises(RuntimeError, match="not needed when"):
            DistributedDataParallel(torch.nn.Identity())
        shared(torch.nn.Sequential)

    _, run = recorded(train)
    assert run.main.events.of(events.ModelShared) == ()


def asked_of(make):
    """Ask a scheduler twice a step; return the lines and what was answered."""
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    scheduler = make(optimizer)
    found = []
    for _ in range(3):
        step(optimizer, model)
        scheduler.step()
        found.append(scheduler.get_lr())
        first = line()
        found.append(scheduler.get_lr())
    return (first, first + 2), found, rates(optimizer)


def test_each_reading_of_get_lr_is_told_with_its_line_and_answers_as_before(recorded):
    def train():
        return collected(lambda: asked_of(lambda o: StepLR(o, 2)))

    bare = train()
    watched, run = recorded(train)
    assert same(watched, bare)
    lines = watched[0][0]
    told = run.main.events.of(events.LrAsked)
    [made] = run.main.events.of(events.SchedulerConstructed)
    assert [each.where[1] for each in told] == [lines[0], lines[1]] * 3
    assert {each.where[0] for each in told} == {__file__}
    assert {each.scheduler for each in told} == {made.scheduler}


def test_a_reading_stands_between_the_updates_it_was_made_between(recorded):
    _, run = recorded(lambda: collected(lambda: asked_of(lambda o: StepLR(o, 2))))
    kinds = (events.OptimizerStepped, events.SchedulerStepped, events.LrAsked)
    told = [type(each) for each in run.main.events if isinstance(each, kinds)]
    assert told == [kinds[0], kinds[1], kinds[2], kinds[2]] * 3


class Halved(LRScheduler):
    """A class of the user's own that asks itself and torch's, within its step."""

    def get_lr(self):
        return [each / 2 for each in self.base_lrs]


def chained(optimizer):
    return ChainedScheduler([ExponentialLR(optimizer, 0.9), StepLR(optimizer, 2)])


def sequence(optimizer):
    parts = [LinearLR(optimizer, total_iters=2), ExponentialLR(optimizer, 0.9)]
    return SequentialLR(optimizer, parts, [2])


@pytest.mark.parametrize("make", [Halved, chained, sequence])
def test_what_schedulers_ask_each_other_is_not_a_reading_of_the_program(recorded, make):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = make(optimizer)
        for _ in range(4):
            step(optimizer, model)
            scheduler.step()
            scheduler.get_last_lr()

    _, run = recorded(train)
    assert run.main.events.of(events.LrAsked) == ()


def test_a_part_that_is_read_is_told_as_itself(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        both = sequence(optimizer)
        step(optimizer, model)
        both.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of it, too
            both._schedulers[1].get_lr()

    _, run = recorded(train)
    made = {e.class_name: e for e in run.main.events.of(events.SchedulerConstructed)}
    [told] = run.main.events.of(events.LrAsked)
    assert told.scheduler == made["ExponentialLR"].scheduler
