"""Of many optimizers the first and the last are shown, and all if they are asked for."""

from __future__ import annotations

import json

import pytest
import torch
from click.testing import CliRunner
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

from lrscope.audit.audit import audit_run
from lrscope.cli.main import main

TRIALS = 30


@pytest.fixture
def trials(recorded):
    """Return a run of trainings one after another, each given up early."""

    def train():
        for number in range(TRIALS):
            weight = torch.nn.Parameter(torch.ones(2))
            optimizer = SGD([weight], 0.1 + number / 100)
            scheduler = CosineAnnealingLR(optimizer, 40 + number)
            for epoch in range(40):
                weight.square().sum().backward()
                optimizer.step()
                scheduler.step()
                if epoch == number % 4:
                    break

    return recorded(train)[1]


@pytest.fixture
def said(trials):
    """Return what a command prints of it."""

    def of(command, *words):
        words = [command, str(trials.path), *words]
        done = CliRunner(env={"COLUMNS": "80"}).invoke(main, words)
        assert done.exit_code == 0, done.output
        return done.stdout

    return of


def test_of_many_groups_the_first_and_the_last_are_shown(said):
    text = said("show")
    assert "and 14 more groups; lrscope show --group NAME shows some of them" in text
    assert "and 14 more optimizers" in text
    assert "and 14 more schedulers" in text
    for number, there in ((0, True), (11, True), (12, False), (25, False), (26, True)):
        assert (f" sgd{number}/all " in text) is there
    assert max(map(len, text.splitlines())) <= 80


def test_causes_name_the_first_of_many_groups(said):
    causes = [each for each in said("show").splitlines() if " changed" in each]
    assert any("sgd1/all, sgd2/all, sgd3/all and" in each for each in causes)
    assert len(causes) == 2


def test_all_that_was_asked_for_is_shown(said):
    text = said("show", "--group", "all")
    assert all(f" sgd{number}/all " in text for number in range(TRIALS))
    assert "more optimizers" not in text
    assert len(json.loads(said("show", "--json"))["rows"]) == TRIALS


def test_the_text_of_an_audit_tells_a_few_infos_of_a_rule(said, trials):
    text = said("audit")
    found = audit_run(trials).findings
    known = [each for each in found if each.name == "schedule-longer-than-run"]
    assert len(known) == TRIALS
    assert text.count("LR201 schedule-longer-than-run   info") == 5
    rest = "and 25 more of LR201 schedule-longer-than-run; --format json has them all"
    assert rest in text
    assert "  and 22 more optimizers" in text
    data = said("audit", "--format", "json")
    assert data.count('"schedule-longer-than-run"') >= TRIALS


def test_an_optimizer_that_another_one_followed_ended_its_training(trials):
    found = audit_run(trials).findings
    *given_up, last = [e for e in found if e.name == "schedule-longer-than-run"]
    assert all("when its training ended" in each.message for each in given_up)
    assert "when the run ended" in last.message
    assert all("set T_max to" not in each.fix for each in (given_up[0], last))
    assert "1 step of 40" in given_up[0].message
    assert "set T_max to the 3 steps that its training has" in given_up[2].fix
