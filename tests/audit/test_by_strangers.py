"""Mistakes as they stood in programs that nobody here wrote."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, StepLR
from torch.utils.data import DataLoader, TensorDataset

import lrscope
from lrscope.audit.finding import ERROR

from .verdict import audited

told = []


def found(folder, train):
    with lrscope.record(folder / "run"):
        train()
    return {
        each.name: each for each in audited(lrscope.read_run(folder / "run")).findings
    }


def test_accumulation_that_does_not_divide_a_pass(tmp_path):
    def train():
        model = nn.Linear(3, 1)
        optimizer = AdamW(model.parameters(), lr=1e-3)
        loader = DataLoader(TensorDataset(torch.randn(47 * 2, 3)), batch_size=2)
        scheduler = CosineAnnealingLR(optimizer, T_max=6 * len(loader))
        for _ in range(6):
            for index, (batch,) in enumerate(loader):
                (model(batch).square().mean() / 4).backward()
                if (index + 1) % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
                    scheduler.step()

    finding = found(tmp_path, train)["horizon-ignores-accumulation"]
    assert finding.severity == ERROR
    assert finding.fix == "set T_max to the 66 updates that these 282 batches make"


def falling():
    weight = nn.Parameter(torch.ones(1))
    optimizer = SGD([weight], lr=0.1)
    return weight, optimizer, ExponentialLR(optimizer, 0.9)


def test_a_rate_that_is_shown_by_way_of_a_variable(tmp_path):
    def train():
        weight, optimizer, scheduler = falling()
        for _ in range(5):
            weight.square().sum().backward()
            optimizer.step()
            scheduler.step()
            rate = scheduler.get_last_lr()[0]
            told.append(f"{rate:.3e}")

    assert "logged-lr-is-next-step" in found(tmp_path, train)


def test_a_rate_that_is_kept_before_the_scheduler_steps_is_the_right_one(tmp_path):
    def train():
        weight, optimizer, scheduler = falling()
        for _ in range(5):
            weight.square().sum().backward()
            optimizer.step()
            rate = optimizer.param_groups[0]["lr"]
            scheduler.step()
            told.append(f"{rate:.3e}")

    assert "logged-lr-is-next-step" not in found(tmp_path, train)


def test_the_rates_of_all_groups_that_are_shown_in_a_list(tmp_path):
    def train():
        weight, optimizer, scheduler = falling()
        for _ in range(5):
            weight.square().sum().backward()
            optimizer.step()
            scheduler.step()
            told.append([group["lr"] for group in optimizer.param_groups])

    assert "logged-lr-is-next-step" in found(tmp_path, train)


def test_a_rate_that_is_shown_after_a_pass_of_many_steps_is_no_matter(tmp_path):
    def train():
        weight, optimizer, scheduler = falling()
        for _ in range(3):
            for _ in range(5):
                weight.square().sum().backward()
                optimizer.step()
                scheduler.step()
            told.append([group["lr"] for group in optimizer.param_groups])

    assert "logged-lr-is-next-step" not in found(tmp_path, train)


def loop_over_phases(folder, scheduler_of, phases=("train", "val"), *, where):
    """Train 12 passes of 4 batches and step a scheduler as ``where`` says."""

    def train():
        model = nn.Linear(3, 1)
        optimizer = SGD(model.parameters(), lr=0.1)
        scheduler = scheduler_of(optimizer)
        data = TensorDataset(torch.randn(32, 3))
        loaders = {phase: DataLoader(data, batch_size=8) for phase in phases}
        for _ in range(12):
            for phase in phases:
                for (batch,) in loaders[phase]:
                    optimizer.zero_grad()
                    with torch.set_grad_enabled(phase == "train"):
                        loss = model(batch).square().mean()
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                if where == "every phase" or (where == "training" and phase == "train"):
                    scheduler.step()
            if where == "pass":
                scheduler.step()

    return found(folder, train)


@pytest.mark.parametrize("phases", [("train", "val"), ("train", "val", "test")])
def test_stepped_in_every_phase(tmp_path, phases):
    def scheduler_of(optimizer):
        return StepLR(optimizer, 8)

    findings = loop_over_phases(tmp_path, scheduler_of, phases, where="every phase")
    finding = findings["stepped-during-validation"]
    assert finding.severity == ERROR
    assert f"{12 * len(phases)} times for 12 passes of training" in finding.message
    assert "phase of training only" in finding.fix


def test_a_cosine_that_climbs_for_it_is_told_as_what_follows(tmp_path):
    def scheduler_of(optimizer):
        return CosineAnnealingLR(optimizer, 12)

    findings = loop_over_phases(tmp_path, scheduler_of, where="every phase")
    assert "stepped-during-validation" in findings
    assert [each.name for each in findings.values() if each.severity == ERROR] == [
        "stepped-during-validation"
    ]


@pytest.mark.parametrize("where", ["training", "pass"])
def test_stepped_in_one_phase(tmp_path, where):
    findings = loop_over_phases(tmp_path, lambda each: StepLR(each, 8), where=where)
    assert "stepped-during-validation" not in findings


def test_a_length_that_was_counted_in_phases(tmp_path):
    def scheduler_of(optimizer):
        return CosineAnnealingLR(optimizer, 24)

    findings = loop_over_phases(tmp_path, scheduler_of, where="every phase")
    assert "stepped-during-validation" not in findings
