"""Schedulers that are none of torch's: those of timm, and GreedyLR of transformers."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
import types
import warnings
from pathlib import Path

import pytest
from torch.optim import SGD

import lrscope.capture.recorder as recorder_module
from lrscope.recording import events

from .trainings import applied, line, net, same, step

HERE = __file__
BASE = "timm.scheduler.scheduler"


class Alike:
    """A base class with the methods of timm's."""

    def __init__(self, optimizer, param_group_field, t_in_epochs=True):
        self.optimizer = optimizer
        self.field = param_group_field
        self.t_in_epochs = t_in_epochs
        self.base_values = [group[self.field] for group in optimizer.param_groups]

    def state_dict(self):
        return {key: each for key, each in vars(self).items() if key != "optimizer"}

    def load_state_dict(self, state):
        vars(self).update(state)

    def step(self, epoch, metric=None):
        self.metric = metric
        if self.t_in_epochs:
            self._write(epoch)

    def step_update(self, num_updates, metric=None):
        self.metric = metric
        if not self.t_in_epochs:
            self._write(num_updates)

    def _write(self, step):
        for group, value in zip(self.optimizer.param_groups, self._get_lr(step)):
            group[self.field] = value


def timm_module(monkeypatch, name):
    """Return a module of timm.scheduler without what timm itself imports."""
    place = importlib.util.find_spec("timm")
    if place is None:
        pytest.skip("timm is not installed")
    package = types.ModuleType("timm")
    package.__path__ = list(place.submodule_search_locations)
    monkeypatch.setitem(sys.modules, "timm", package)
    return importlib.import_module(f"timm.scheduler.{name}")


@pytest.fixture(params=["alike", "timm"])
def halving(request, monkeypatch):
    """Return a scheduler that halves the rates, on timm's base class or one like it."""
    if request.param == "timm":
        base = timm_module(monkeypatch, "scheduler").Scheduler
    else:
        module = types.ModuleType(BASE)
        base = module.Scheduler = Alike
        monkeypatch.setitem(sys.modules, BASE, module)

    class Halving(base):
        def __init__(self, optimizer, *, t_in_epochs=True):
            super().__init__(optimizer, "lr", t_in_epochs=t_in_epochs)

        def _get_lr(self, t):
            return [each * 0.5**t for each in self.base_values]

    return Halving


def train(scheduler_of):
    """Train two epochs of two updates, and call both methods of the scheduler."""
    model = net()
    optimizer = SGD(model.parameters(), lr=0.8)
    scheduler, lines = scheduler_of(optimizer), []
    updates = 0
    for epoch in range(2):
        for _ in range(2):
            step(optimizer, model)
            updates += 1
            scheduler.step_update(num_updates=updates)
            lines.append(line())
        scheduler.step(epoch + 1)
        lines.append(line())
    return optimizer.state_dict(), scheduler.state_dict(), lines


@pytest.mark.parametrize(
    ("by_epochs", "argument", "values", "rates"),
    [
        (True, "epoch", [1, 2], [0.8, 0.8, 0.4, 0.4]),
        (False, "num_updates", [1, 2, 3, 4], [0.8, 0.4, 0.2, 0.1]),
    ],
)
def test_the_method_that_writes_is_a_step_and_the_other_is_none(
    recorded, halving, by_epochs, argument, values, rates
):
    bare = train(lambda optimizer: halving(optimizer, t_in_epochs=by_epochs))
    watched, run = recorded(
        lambda: train(lambda optimizer: halving(optimizer, t_in_epochs=by_epochs))
    )
    assert same(watched[:2], bare[:2])
    assert applied(run.main.tracks[0]) == rates
    made = run.main.history.of(events.SchedulerConstructed)
    assert [each.class_name for each in made] == ["Halving"]
    assert made[0].arguments["t_in_epochs"] == by_epochs
    assert made[0].optimizer == 0
    stepped = run.main.history.of(events.SchedulerStepped)
    assert [each.value for each in stepped] == values
    assert {each.argument for each in stepped} == {argument}
    at = watched[2][2] if by_epochs else watched[2][0]
    assert {each.where for each in stepped} == {(HERE, at)}
    assert not run.main.history.of(events.RateWritten)


def test_the_classes_of_others_are_left_as_they_were(recorded, halving):
    base = halving.__mro__[1]
    before = dict(vars(base)), dict(vars(halving))
    recorded(lambda: train(halving))
    assert (dict(vars(base)), dict(vars(halving))) == before


def test_a_state_that_is_loaded_is_told(recorded, halving):
    def load():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.8)
        scheduler = halving(optimizer)
        scheduler.load_state_dict(scheduler.state_dict())
        step(optimizer, model)

    _, run = recorded(load)
    (loaded,) = run.main.history.of(events.SchedulerStateLoaded)
    (saved,) = run.main.history.of(events.SchedulerStateSaved)
    assert loaded.scheduler == saved.scheduler == 0


def test_what_timms_plateau_has_torch_do_is_a_part_of_it(recorded, monkeypatch):
    plateau = timm_module(monkeypatch, "plateau_lr").PlateauLRScheduler

    def made(optimizer):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is deprecated
            return plateau(optimizer, patience_t=0)

    _, run = recorded(lambda: train(made))
    inner, outer = run.main.history.of(events.SchedulerConstructed)
    assert outer.children == (inner.scheduler,)
    stepped = run.main.history.of(events.SchedulerStepped)
    assert [each.scheduler for each in stepped] == [outer.scheduler] * 2


def test_greedy_lr_of_transformers_is_recorded(recorded):
    greedy = pytest.importorskip("transformers.optimization").GreedyLR

    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        scheduler = greedy(optimizer, patience=0, factor=0.5)
        for metric in (1.0, 2.0, 3.0):
            step(optimizer, model)
            scheduler.step(metric)

    _, run = recorded(train)
    (made,) = run.main.history.of(events.SchedulerConstructed)
    assert (made.class_name, made.arguments["factor"]) == ("GreedyLR", 0.5)
    stepped = run.main.history.of(events.SchedulerStepped)
    assert [each.value for each in stepped] == [1.0, 2.0, 3.0]
    assert not run.main.history.of(events.RateWritten)


def test_the_bootstrap_watches_the_modules_that_the_recorder_waits_for():
    place = Path(recorder_module.__file__).parent / "bootstrap" / "sitecustomize.py"
    watched = next(
        ast.literal_eval(each.value)
        for each in ast.parse(place.read_text("utf-8")).body
        if isinstance(each, ast.Assign) and each.targets[0].id == "WATCHED"
    )
    assert watched == ("torch.optim", *recorder_module.LATER)
