"""States that are saved and loaded, and what the numbers of a schedule come from."""

from __future__ import annotations

import copy

import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, LinearLR, SequentialLR

from lrscope.recording import events

from .trainings import net, step

SAVED = (events.OptimizerStateSaved, events.SchedulerStateSaved)


def kinds(run, *wanted):
    return [each for each in run.main.events if isinstance(each, wanted)]


def test_a_state_that_is_saved_is_noted_where_it_was_in_the_order_of_things(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.5)
        for _ in range(3):
            step(optimizer, model)
            optimizer.state_dict()
            scheduler.step()
            scheduler.state_dict()

    _, run = recorded(train)
    found = kinds(run, *SAVED, events.OptimizerStepped, events.SchedulerStepped)
    assert [type(each).__name__ for each in found] == 3 * [
        "OptimizerStepped",
        "OptimizerStateSaved",
        "SchedulerStepped",
        "SchedulerStateSaved",
    ]
    assert all(each.where[0] == __file__ for each in found if isinstance(each, SAVED))


def test_the_parts_of_a_scheduler_are_saved_with_it_and_loaded_with_it(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        parts = [LinearLR(optimizer, total_iters=2), ExponentialLR(optimizer, 0.5)]
        scheduler = SequentialLR(optimizer, parts, [2])
        for _ in range(4):
            step(optimizer, model)
            scheduler.step()
        scheduler.load_state_dict(copy.deepcopy(scheduler.state_dict()))
        step(optimizer, model)

    _, run = recorded(train)
    assert [each.scheduler for each in kinds(run, *SAVED)] == [2]
    loaded = kinds(run, events.SchedulerStateLoaded)
    assert [each.scheduler for each in loaded] == [0, 1, 2]
    assert [each.attributes["last_epoch"] for each in loaded] == [1, 2, 4]


def test_a_loaded_state_tells_its_updates_if_it_counts_them(recorded):
    def train():
        for kind in (AdamW, SGD):
            model = net()
            optimizer = kind(model.parameters(), lr=0.1)
            for _ in range(3):
                step(optimizer, model)
            optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        step(optimizer, model)

    _, run = recorded(train)
    loaded = kinds(run, events.OptimizerStateLoaded)
    assert [each.steps for each in loaded] == [3.0, None]


def test_the_numbers_that_a_function_holds_are_told(recorded):
    def train():
        length, name = 48, "cosine"
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        LambdaLR(optimizer, lambda now: 1 - now / length if name else 1.0)
        step(optimizer, model)

    _, run = recorded(train)
    (made,) = kinds(run, events.SchedulerConstructed)
    assert made.arguments["lr_lambda"]["holds"] == {"length": 48}


def test_states_are_those_that_the_program_would_have_got(recorded):
    def train():
        model = net()
        optimizer = AdamW(model.parameters(), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.5)
        step(optimizer, model)
        scheduler.step()
        return (
            torch.nn.Module.state_dict(model),
            optimizer.state_dict(),
            scheduler.state_dict(),
        )

    watched, _ = recorded(train)
    assert str(watched[1:]) == str(train()[1:])


TAKES_OVER = """
class AcceleratedOptimizer:
    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.optimizer.load_state_dict(self.optimizer.state_dict())

    def load_state_dict(self, state):
        self.optimizer.load_state_dict(state)
"""


def test_a_state_that_accelerate_moves_to_a_device_is_not_loaded(recorded):
    there = {}
    code = compile(TAKES_OVER, "/lib/site-packages/accelerate/optimizer.py", "exec")
    exec(code, there)

    def train(loads):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        taken = there["AcceleratedOptimizer"](optimizer)
        if loads:
            taken.load_state_dict(optimizer.state_dict())
        step(optimizer, model)

    for loads in (0, 1):
        _, run = recorded(lambda loads=loads: train(loads))
        found = run.processes[-1].events.of(events.OptimizerStateLoaded)
        assert len(found) == loads


LIBRARY = """
def make(kind, schedule, parameters):
    optimizer = kind(parameters, lr=0.1)
    return optimizer, schedule(optimizer, 0.9)

def restore(optimizer, scheduler):
    optimizer.load_state_dict(optimizer.state_dict())
    scheduler.load_state_dict(scheduler.state_dict())
"""


def test_the_line_of_the_program_is_named_where_a_library_makes_and_loads(recorded):
    there = {}
    exec(compile(LIBRARY, "/lib/site-packages/fw.py", "exec"), there)

    def train():
        model = net()
        optimizer, scheduler = there["make"](SGD, ExponentialLR, model.parameters())
        there["restore"](optimizer, scheduler)
        step(optimizer, model)

    _, run = recorded(train)
    found = kinds(
        run,
        events.OptimizerConstructed,
        events.SchedulerConstructed,
        events.OptimizerStateLoaded,
        events.SchedulerStateLoaded,
    )
    assert len(found) == 4
    first = train.__code__.co_firstlineno
    lines = [line - first for file, line in (each.where for each in found)]
    assert {file for file, _ in (each.where for each in found)} == {__file__}
    assert sorted(lines) == [2, 2, 3, 3]
