"""Numbers on their way from a device; its backend is a stand-in, the copies are real."""

from __future__ import annotations

import math
import os
import threading

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ExponentialLR

import lrscope
from lrscope.capture import arrival, gathered, rates, values
from lrscope.capture.journal import Journal
from lrscope.capture.numbers import is_tensor
from lrscope.capture.printing import Printer
from lrscope.capture.recorder import Recorder
from lrscope.recording import events

from .trainings import loss_of, net, step

FIRST = arrival.PLACES


class Event:
    """What happens on a device that is at once ready, or never."""

    ready = True
    made = 0

    def __init__(self):
        Event.made += 1

    def record(self, stream):
        pass

    def query(self):
        return Event.ready


@pytest.fixture(autouse=True)
def _far(monkeypatch):
    """Let rates that are tensors be on a device, and count places for copies."""
    ordinary = torch.empty

    def empty(*size, pin_memory=False, **more):
        del pin_memory  # there is none without a device
        return ordinary(*size, **more)

    monkeypatch.setattr(torch, "empty", empty)
    monkeypatch.setattr(torch.cpu, "Event", Event, raising=False)
    monkeypatch.setattr(rates, "is_late", is_tensor)
    monkeypatch.setattr(arrival, "_places", {})
    monkeypatch.setattr(Event, "made", 0)
    monkeypatch.setattr(Event, "ready", True)


class Outer(SGD):
    def step(self, closure=None):
        return super().step(closure)


def made(kind=SGD):
    model = net()
    return model, kind(model.parameters(), lr=torch.tensor(0.5))


def usual():
    model, optimizer = made()
    scheduler = ExponentialLR(optimizer, 0.99)
    for _ in range(3 * FIRST):
        step(optimizer, model)
        scheduler.step()


def hooked():
    model, optimizer = made()
    optimizer.register_step_pre_hook(lambda *_: None)
    for _ in range(3 * FIRST):
        step(optimizer, model)


def nested():
    model, optimizer = made(Outer)
    for _ in range(3 * FIRST):
        step(optimizer, model)


def raising():
    model, optimizer = made()

    def closure():
        raise ZeroDivisionError

    for _ in range(3 * FIRST):
        with pytest.raises(ZeroDivisionError):
            optimizer.step(closure)
        step(optimizer, model)


def inferring():
    model, optimizer = made()
    for _ in range(3 * FIRST):
        with torch.inference_mode():
            lrscope.log(value=loss_of(model))
        step(optimizer, model)


@pytest.mark.parametrize("train", [usual, hooked, nested, raising, inferring])
def test_places_for_copies_are_used_again(recorded, train):
    _, run = recorded(train)
    track = run.main.tracks[0]
    assert len(track.applied) == 3 * FIRST
    assert not math.isnan(track.applied.sum())
    assert not run.main.events.of(events.RateIsNoNumber)
    assert Event.made <= 2 * FIRST


def test_what_is_still_on_its_way_is_not_printed(tmp_path, capfd, monkeypatch):
    recorder = Recorder(str(tmp_path), 0, Printer("1"))
    recorder.start()
    model, optimizer = made()
    scheduler = ExponentialLR(optimizer, 0.5)
    Event.ready = False
    for _ in range(3):
        step(optimizer, model)
        scheduler.step()
    assert capfd.readouterr().err == ""
    Event.ready = True
    step(optimizer, model)
    told = "step {} · sgd/all applied {:.2e} · next {:.2e}\n"
    assert capfd.readouterr().err == "".join(
        told.format(index, 0.5**index / 2, 0.5**index / 4) for index in range(3)
    )
    Event.ready = False
    step(optimizer, model)
    monkeypatch.setattr("lrscope.capture.late.PATIENCE", 0.0)
    recorder.stop()
    assert "nan" not in capfd.readouterr().err


def test_a_group_that_is_added_between_two_steps_does_not_end_printing(tmp_path, capfd):
    recorder = Recorder(str(tmp_path), 0, Printer("step"))
    recorder.start()
    model = net()
    optimizer = SGD(model[0].parameters(), lr=0.5)
    step(optimizer, model)
    optimizer.add_param_group({"params": model[2].parameters(), "lr": 0.25})
    step(optimizer, model)
    recorder.stop()
    assert capfd.readouterr().err.splitlines() == [
        "step 0 · sgd/all applied 5.00e-01",
        "step 1 · sgd/all applied 5.00e-01",
        "step 1 · sgd/group1 applied 2.50e-01",
    ]


def test_threads_that_step_at_once_print_every_step(tmp_path, capfd):
    recorder = Recorder(str(tmp_path), 0, Printer("step"))
    recorder.start()
    failed = []

    def work():
        weight = torch.nn.Parameter(torch.zeros(1))
        optimizer = SGD([weight], lr=0.5)
        weight.grad = torch.zeros(1)
        try:
            for _ in range(500):
                optimizer.step()
        except IndexError as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    recorder.stop()
    assert not failed
    assert len(capfd.readouterr().err.splitlines()) == 2000


def test_a_recording_that_has_ended_is_not_begun_again(tmp_path):
    journal = Journal(lambda: pytest.fail("another file"))
    journal.close()
    with pytest.raises(RuntimeError, match="has ended"):
        journal.silence()
    assert not os.listdir(tmp_path)


def test_a_device_that_failed_is_asked_for_nothing_and_ends_no_recording(
    recorded, monkeypatch, capfd
):
    def failing():
        message = "CUDA error: device-side assert triggered"
        raise RuntimeError(message)

    def train():
        model, optimizer = made()
        step(optimizer, model)
        monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", failing)
        step(optimizer, model)

    _, run = recorded(train)
    assert len(run.main.tracks[0].attempted.updated) == 2
    assert not run.main.events.of(events.Trouble)
    assert len(run.main.events.of(events.ProcessEnded)) == 1
    assert capfd.readouterr().err == ""


@pytest.fixture
def far_losses(monkeypatch):
    """Let losses be on a device, and count what is asked for."""
    monkeypatch.setattr(values, "is_on_host", lambda _: False)
    monkeypatch.setattr(gathered, "is_in_default_stream", lambda *_: True)
    monkeypatch.setattr(torch.cpu, "default_stream", lambda _: "default", raising=False)


def losses_of(steps, *, change=False, dtype=torch.float32):
    torch.manual_seed(0)
    model = net().to(dtype)
    optimizer = SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(torch.randn(3, model[0].in_features, dtype=dtype)).square().mean()
        losses.append(loss.item())
        # not positional: the fast way of the recorder reads what is on the host
        torch.autograd.backward(tensors=loss)
        if change:
            loss.detach().zero_()
        optimizer.step()
        lrscope.log(half=loss.detach().reshape(1, 1) / 2)
    return losses


@pytest.mark.parametrize("longest", [1e9, 0.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_losses_that_are_gathered_are_all_there(
    recorded, monkeypatch, far_losses, longest, dtype
):
    monkeypatch.setattr(gathered, "LONGEST", longest)
    losses, run = recorded(
        losses_of, 150, change=True, dtype=dtype, effective="every=9"
    )
    track = run.main.tracks[0]
    assert track.loss.tolist() == losses
    assert track.logged("half").values.tolist() == [0.0] * 150
    assert Event.made <= 3 * arrival.PLACES


def test_losses_of_several_threads_are_gathered_apart(
    recorded, monkeypatch, far_losses
):
    monkeypatch.setattr(gathered, "LONGEST", 1e9)
    found = {}

    def train():
        threads = [
            threading.Thread(target=lambda n=n: found.update({n: losses_of(n)}))
            for n in (70, 200, 130)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    _, run = recorded(train, effective="every=9")
    rows = run.main.tracks[0].logged("half").values.tolist()
    assert len(rows) == 400
    assert sorted(rows) == pytest.approx(
        sorted(each / 2 for losses in found.values() for each in losses)
    )


def test_a_device_that_fails_ends_no_recording(
    recorded, monkeypatch, far_losses, capfd
):
    def failing(*_):
        message = "CUDA error: device-side assert triggered"
        raise RuntimeError(message)

    def train():
        losses_of(3)
        monkeypatch.setattr(Event, "record", failing)
        monkeypatch.setattr(Event, "query", failing)
        losses_of(100)

    _, run = recorded(train, effective="every=9")
    assert [len(each.attempted.updated) for each in run.main.tracks] == [3, 100]
    assert not run.main.events.of(events.Trouble)
    assert capfd.readouterr().err == ""
