"""A witness never stops the trial: whatever fails in us, the training goes on as it was."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR, LRScheduler, ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset

import lrscope
from lrscope.recording import events
from lrscope.recording.log import LogWriter
from lrscope.recording.writer import Writer

from .trainings import (
    Plain,
    applied,
    collected,
    loss_of,
    net,
    pair,
    same,
    step,
    weights_of,
)


def _everything():
    """Train with one of each thing that the recorder watches."""
    model = net()
    optimizer = SGD(pair(model), momentum=0.9)
    scheduler = ExponentialLR(optimizer, 0.9)
    plateau = ReduceLROnPlateau(optimizer)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    for index, (values,) in enumerate(DataLoader(TensorDataset(torch.randn(8, 4)), 1)):
        if index == 4:
            optimizer.load_state_dict(optimizer.state_dict())
            scheduler.load_state_dict(scheduler.state_dict())
        if index == 5:
            optimizer.add_param_group({"params": [torch.zeros(1)]})
            scheduler = ExponentialLR(optimizer, 0.8)
        if index == 6:
            optimizer = SGD(model.parameters(), lr=0.1)  # the scaler meets a new one
        optimizer.zero_grad()
        loss = model(values).square().mean() * (float("inf") if index == 2 else 1)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        plateau.step(1.0)
    return (
        weights_of(model),
        optimizer.state_dict(),
        scheduler.state_dict(),
        plateau.state_dict(),
    )


@pytest.mark.parametrize("effective", [None, "every=1"])
@pytest.mark.parametrize("after", [0, 1, 2, 5, 13, 20])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (LogWriter, "append"),
        (Writer, "event"),
        (Writer, "item"),
        (Writer, "layout"),
        (Writer, "put"),
        (Writer, "signature"),
    ],
)
def test_a_writer_that_fails_changes_nothing(
    monkeypatch, tmp_path, capfd, owner, name, after, effective
):
    plain, _ = collected(_everything)
    real, calls = getattr(owner, name), 0

    def failing(self, *args, **kwargs):
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(28, "No space left on device")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, failing)
    with lrscope.record(tmp_path / "run", effective=effective):
        watched, _ = collected(_everything)
    assert same(watched, plain)
    if calls > after:
        assert capfd.readouterr().err.count("lrscope:") == 1


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (LogWriter, "append"),
        (Writer, "event"),
        (Writer, "layout"),
        (Writer, "signature"),
    ],
)
def test_a_failure_when_a_grad_scaler_brings_an_optimizer_changes_nothing(
    monkeypatch, tmp_path, capfd, owner, name
):
    def broken(self, *args):
        raise OSError(28, "No space left on device")

    model, other = net(), net()
    optimizer = SGD(model.parameters(), lr=0.1)  # it exists before the block
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(loss_of(model)).backward()
    before = weights_of(model)
    with lrscope.record(tmp_path / "run"):
        step(SGD(other.parameters(), lr=0.1), other)
        monkeypatch.setattr(owner, name, broken)
        scaler.step(optimizer)
    assert not same(weights_of(model), before)
    assert capfd.readouterr().err.count("lrscope:") == 1


def test_the_failure_is_one_line_and_a_note_and_what_was_recorded_stays(
    monkeypatch, tmp_path, capfd
):
    def broken(self, *args):
        raise RuntimeError("broken for the test")

    with lrscope.record(tmp_path / "run"):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        step(optimizer, model)
        step(optimizer, model)
        monkeypatch.setattr(Writer, "layout", broken)
        optimizer.add_param_group({"params": [torch.zeros(1)]})
        step(optimizer, model)
        step(optimizer, model)
    [told] = capfd.readouterr().err.splitlines()
    assert told.startswith(
        "lrscope: recording stopped (RuntimeError: broken for the test)"
    )
    run = lrscope.read_run(tmp_path / "run")
    assert applied(run.main.tracks[0]) == [0.5, 0.5]
    [trouble] = run.main.events.of(events.Trouble)
    assert trouble.reason == "RuntimeError: broken for the test"
    assert trouble.trace


def test_an_optimizer_for_each_parameter_stepped_in_the_backward_pass(recorded):
    count = 1000

    def train():
        parameters = [torch.nn.Parameter(torch.ones(1)) for _ in range(count)]
        optimizers = {
            each: SGD([each], lr=0.001 * i) for i, each in enumerate(parameters)
        }

        def update(parameter):
            optimizers[parameter].step()
            optimizers[parameter].zero_grad()

        for each in parameters:
            each.register_post_accumulate_grad_hook(update)
        for _ in range(2):
            torch.cat(parameters).sum().backward()
        return torch.cat(parameters).detach()

    plain = train()
    watched, run = recorded(train)
    assert same(watched, plain)
    assert len(run.main.tracks) == count
    assert run.main.ratio().updates == 2 * count
    assert run.main.ratio().backward_calls == 2
    assert sorted(applied(each)[1] for each in run.main.tracks) == [
        0.001 * i for i in range(count)
    ]


def test_what_is_recorded_can_be_collected_as_before(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = ExponentialLR(optimizer, 0.5)
        loader = DataLoader(TensorDataset(torch.zeros(2, 1)))
        for _ in loader:
            step(optimizer, model)
            scheduler.step()
        gone = [
            weakref.ref(each)
            for each in (optimizer, scheduler, loader, model[0].weight)
        ]
        del optimizer, scheduler, loader, model
        gc.collect()
        during = [each() is None for each in gone]
        other = net()
        step(SGD(other.parameters(), lr=0.2), other)
        return during

    during, run = recorded(train)
    assert during == [True] * 4
    assert [applied(each) for each in run.main.tracks] == [[0.1, 0.05], [0.2]]


def test_an_optimizer_that_raised_in_its_step_can_be_collected(recorded):
    class Broken(Plain):
        def step(self, _closure=None):
            raise ValueError

    def train():
        model = net()
        step(SGD(model.parameters(), lr=0.1), model)
        optimizer = Broken(net().parameters())
        with pytest.raises(ValueError):  # noqa: PT011
            optimizer.step()
        gone = weakref.ref(optimizer)
        del optimizer
        gc.collect()
        return gone() is None

    assert recorded(train)[0]


def test_a_wrapped_scheduler_class_can_be_collected_after_the_block(recorded):
    def train():
        class Mine(LRScheduler):
            def get_lr(self):
                return [0.1]

        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        Mine(optimizer)
        step(optimizer, model)
        return weakref.ref(Mine)

    mine, _ = recorded(train)
    gc.collect()
    assert mine() is None


def test_losses_and_gradients_are_not_kept_alive(recorded):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1)
        step(optimizer, model)
        loss = loss_of(model)
        loss.backward()
        gone = weakref.ref(loss)
        del loss
        gc.collect()
        optimizer.step()
        return gone() is None

    assert recorded(train)[0]
