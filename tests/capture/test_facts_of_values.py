"""Facts 4, 5 and 11 of docs/design.md; the number of each is in the name of its test."""

from __future__ import annotations

import math

import pytest
import torch
from torch.optim import SGD

from lrscope.capture import late as lateness
from lrscope.capture.late import LateValues
from lrscope.recording import events

from .trainings import Plain, applied, net, step


@pytest.mark.parametrize("fused", [False, True])
def test_fact_4_an_overflow_is_a_skipped_step_fused_or_not(recorded, fused):
    def train():
        model = net()
        optimizer = SGD(model.parameters(), lr=0.1, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        moved = []
        for index in range(5):
            optimizer.zero_grad()
            loss = model(torch.ones(2, 4)).sum() * (
                float("inf") if index in (1, 2) else 1
            )
            scaler.scale(loss).backward()
            before = model[0].weight.detach().clone()
            scaler.step(optimizer)
            scaler.update()
            moved.append(not torch.equal(before, model[0].weight))
        step(optimizer, model)
        return [*moved, True]

    moved, run = recorded(train)
    assert moved == [True, False, False, True, True, True]
    assert run.track("sgd/all").attempted.updated.tolist() == moved
    stepped = run.main.events.of(events.OptimizerStepped)
    assert [each.overflow for each in stepped] == [not each for each in moved]
    assert [each.scaled for each in stepped] == [True] * 5 + [False]
    assert run.main.ratio().skipped == 2


def test_fact_5_a_tensor_rate_changed_in_place_is_copied(recorded):
    def train():
        model = net()
        rate = torch.tensor(0.1, dtype=torch.float64)
        optimizer = SGD(model.parameters(), lr=rate)
        for _ in range(3):
            step(optimizer, model)
            rate.mul_(0.5)

    _, run = recorded(train)
    assert applied(run.track("sgd/all")) == [0.1, 0.05, 0.025]


def test_fact_5_a_rate_on_a_device_is_waited_for_by_nobody_and_written_when_it_came(
    monkeypatch,
):
    class Journal:
        def __init__(self):
            self.told = []
            self.sink = self

        def open(self):
            return self

        def layout(self, described, _width):
            return described["columns"]

        def silence(self):
            return 0

        def put(self, columns, _signature, _flags, values):
            self.told.append(dict(zip(columns, values, strict=True)))

    class Slow:
        arrived = False

        def __init__(self, tensor):
            self._tensor = tensor

        def has_come(self):
            return self.arrived

        def numbers(self):
            assert self.arrived, "somebody waited"
            return self._tensor.tolist()

    monkeypatch.setattr(lateness, "Arrival", Slow)
    journal = Journal()
    late = LateValues(journal)
    rows = [[math.nan, 0.5] for _ in range(3)]
    for row, values in enumerate(rows):
        late.complete(row, late.start([(0, torch.tensor(row / 4))]), values)
    late.complete(3, late.start([("overflow", torch.tensor(1.0))]), [])
    late.collect()
    assert journal.told == []
    assert late.awaits(rows[0])
    Slow.arrived = True
    late.collect()
    assert not late.awaits(rows[0])
    assert rows == [[row / 4, 0.5] for row in range(3)]
    assert journal.told[:3] == [{"row": row, 0: row / 4} for row in range(3)]
    assert journal.told[3:] == [{"row": 3, "overflow": 1.0}]


def test_values_of_a_device_that_failed_are_waited_for_no_more(monkeypatch):
    class Broken:
        def __init__(self, _tensor):
            pass

        def has_come(self):
            message = "CUDA error: device-side assert triggered"
            raise RuntimeError(message)

    monkeypatch.setattr(lateness, "Arrival", Broken)
    late = LateValues(None)
    late.complete(0, late.start([(0, torch.tensor(1.0))]), [math.nan])
    late.wait()


def test_fact_11_an_internal_rate_is_recorded_beside_the_one_that_misleads(recorded):
    class Prodigy(Plain):
        def __init__(self, params):
            super().__init__(params, lr=1.0, d=1e-6)

        def step(self, closure=None):
            super().step(closure)
            for group in self.param_groups:
                group["d"] *= 1.5

    def train():
        model = net()
        optimizer = Prodigy(model.parameters())
        used = []
        for _ in range(100):
            used.append(optimizer.param_groups[0]["d"])
            step(optimizer, model)
        return used

    used, run = recorded(train)
    [track] = run.main.tracks
    assert applied(track) == [1.0] * 100
    assert track.setting("d").tolist() == used


def test_fact_11_an_internal_rate_that_the_first_step_creates_is_recorded(recorded):
    class Late(Plain):
        def step(self, closure=None):
            for group in self.param_groups:
                group["scheduled_lr"] = group.get("scheduled_lr", 1e-4) * 2
            super().step(closure)

    def train():
        model = net()
        optimizer = Late(model.parameters())
        for _ in range(5):
            step(optimizer, model)

    _, run = recorded(train)
    [track] = run.main.tracks
    assert "scheduled_lr" in track.settings
