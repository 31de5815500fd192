"""Programs that cut their batches by hand: no DataLoader tells of passes."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    StepLR,
)
from torch.utils.data import DataLoader

import lrscope
from lrscope.audit.finding import ERROR, INFO, WARNING

from .verdict import audited

BATCHES = 20


def found(folder, train):
    with lrscope.record(folder / "run"):
        train()
    return {
        each.name: each for each in audited(lrscope.read_run(folder / "run")).findings
    }


def parts(kind=SGD, lr=0.1):
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    return model, kind(model.parameters(), lr=lr)


def update(model, optimizer):
    optimizer.zero_grad()
    model(torch.ones(2, 3)).square().mean().backward()
    optimizer.step()


@pytest.mark.filterwarnings("ignore:Detected call of")
def test_a_step_before_each_pass_comes_too_early(tmp_path):
    def train():
        model, optimizer = parts()
        scheduler = MultiStepLR(optimizer, [4, 7])
        for _ in range(9):
            scheduler.step()
            for _ in range(BATCHES):
                update(model, optimizer)

    finding = found(tmp_path, train)["sched-before-optimizer"]
    assert finding.severity == WARNING


def test_a_step_after_each_pass_does_not(tmp_path):
    def train():
        model, optimizer = parts()
        scheduler = MultiStepLR(optimizer, [4, 7])
        for _ in range(9):
            for _ in range(BATCHES):
                update(model, optimizer)
            scheduler.step()

    assert "sched-before-optimizer" not in found(tmp_path, train)


def test_a_schedule_that_is_drawn_with_steps_without_gradient(tmp_path):
    def train():
        model, optimizer = parts()
        scheduler = CosineAnnealingLR(optimizer, T_max=20)
        for _ in range(20):  # the drawing
            optimizer.step()
            scheduler.step()
        for _ in range(20):
            for _ in range(BATCHES):
                update(model, optimizer)
            scheduler.step()

    said = found(tmp_path, train)
    assert said["plotting-helper-advances-real-state"].severity == ERROR
    for name in ("cosine-past-T_max-climbs-back", "first-update-at-lr-zero"):
        assert said[name].because == "plotting-helper-advances-real-state"


def test_a_schedule_of_the_right_length_that_is_stepped_in_validation(tmp_path):
    def train():
        model, optimizer = parts(AdamW)
        scheduler = LinearLR(optimizer, 1.0, 0.0, total_iters=8 * BATCHES)
        for _ in range(8):
            for _ in range(BATCHES):
                update(model, optimizer)
                scheduler.step()
            for _ in range(5):
                scheduler.step()

    finding = found(tmp_path, train)["schedule-shorter-than-run"]
    assert "was stepped 200 times" in finding.cause
    assert finding.fix == "step it once for each of the 160 updates"


def test_a_one_cycle_after_another_sets_its_own_initial_rate(tmp_path):
    def train():
        model, optimizer = parts()
        for _ in range(3):
            optimizer.param_groups[0]["lr"] = 0.005
            cycle = OneCycleLR(optimizer, 0.01, total_steps=2 * BATCHES, div_factor=25)
            for _ in range(2 * BATCHES):
                update(model, optimizer)
                cycle.step()

    said = found(tmp_path, train)
    assert all(each.severity == INFO for each in said.values()), said
    assert "initial_lr-poisons-second-scheduler" not in said


def accumulated(*, each_batch):
    model, optimizer = parts(AdamW)
    scheduler = CosineAnnealingLR(optimizer, T_max=40)
    for _ in range(40):
        for _ in range(4):
            model(torch.ones(2, 3)).square().mean().backward()
            if each_batch:
                scheduler.step()
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
        if not each_batch:
            scheduler.step()


def test_two_lines_that_step_it_are_told_of_where_gradients_are_accumulated(tmp_path):
    said = found(tmp_path, lambda: accumulated(each_batch=False))
    assert said["two-sched-steps-per-update"].severity == ERROR
    assert "80 steps in 40 updates" in said["two-sched-steps-per-update"].message
    follows = said["cosine-past-T_max-climbs-back"]
    assert follows.because == "two-sched-steps-per-update"
    assert "sched-stepped-per-microbatch" not in said


@pytest.mark.filterwarnings("ignore:Detected call of")
def test_a_line_that_steps_for_each_batch_is_told_of_beside_another_one(tmp_path):
    said = found(tmp_path, lambda: accumulated(each_batch=True))
    finding = said["sched-stepped-per-microbatch"]
    assert finding.severity == ERROR
    assert "200 times in 40 updates, once for each of 4 acc" in finding.message


def per_update(make, *, passes=30):
    """Cut batches by hand and step what ``make`` makes at each of them."""
    model, optimizer = parts()
    scheduler = make(optimizer)
    for _ in range(passes):
        for _ in range(BATCHES):
            update(model, optimizer)
            scheduler.step()


def by_thirty(make):
    """Do so with a number of passes that stands in the source."""
    model, optimizer = parts()
    scheduler = make(optimizer)
    for _ in range(30):
        for _ in range(BATCHES):
            update(model, optimizer)
            scheduler.step()


COUNTED_IN_PASSES = {
    "MultiStepLR": lambda optimizer: MultiStepLR(optimizer, [10, 20]),
    "StepLR": lambda optimizer: StepLR(optimizer, 10),
    "ExponentialLR": lambda optimizer: ExponentialLR(optimizer, 0.9),
    "CosineAnnealingLR": lambda optimizer: CosineAnnealingLR(optimizer, 30),
}


@pytest.mark.parametrize("kind", COUNTED_IN_PASSES)
def test_a_length_in_passes_that_is_stepped_per_update(tmp_path, kind):
    said = found(tmp_path, lambda: by_thirty(COUNTED_IN_PASSES[kind]))
    finding = said["batch-cadence-for-epoch-schedule"]
    assert finding.severity == ERROR
    assert "stepped 600 times in 30 passes" in finding.message
    assert "the 20 updates in a pass" in finding.fix
    assert {each.because for each in said.values() if each is not finding} <= {
        finding.name
    }


def test_the_number_of_passes_may_stand_in_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python", "train.py", "--epochs", "30"])
    said = found(tmp_path, lambda: per_update(COUNTED_IN_PASSES["MultiStepLR"]))
    finding = said["batch-cadence-for-epoch-schedule"]
    assert "600 times in 30 passes" in finding.message


def test_a_length_that_counts_updates_is_right(tmp_path):
    said = found(
        tmp_path, lambda: by_thirty(lambda each: MultiStepLR(each, [300, 450]))
    )
    assert "batch-cadence-for-epoch-schedule" not in said


def test_rounds_in_which_the_scheduler_is_made_are_no_passes(tmp_path):
    def train():
        for _ in range(30):  # seeds
            model, optimizer = parts()
            scheduler = MultiStepLR(optimizer, [3, 6])
            for _ in range(60):
                update(model, optimizer)
                scheduler.step()

    assert "batch-cadence-for-epoch-schedule" not in found(tmp_path, train)


def test_a_one_cycle_of_the_samples_is_told_the_length_of_the_run(tmp_path):
    def train():
        model, optimizer = parts()
        cycle = OneCycleLR(optimizer, 0.1, total_steps=32 * 160)
        for _ in range(160):
            update(model, optimizer)
            cycle.step()

    finding = found(tmp_path, train)["warmup-longer-than-run"]
    assert finding.cause == "total_steps does not fit the length of the run"
    assert finding.fix == "set total_steps to the 160 steps that the run has"


def test_samples_where_batches_were_meant_are_the_cause(tmp_path):
    def train():
        model, optimizer = parts()
        loader = DataLoader(torch.ones(64, 3), batch_size=4)
        cycle = OneCycleLR(optimizer, 0.1, epochs=5, steps_per_epoch=64)
        for _ in range(5):
            for _ in loader:
                update(model, optimizer)
                cycle.step()

    said = found(tmp_path, train)
    because = "steps-per-epoch-from-sample-counts"
    assert "assumes 64 updates in a pass, there are 16" in said[because].message
    assert said["warmup-longer-than-run"].because == because
