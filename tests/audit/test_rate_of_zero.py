"""A rate of zero is told with the cause that it has."""

from __future__ import annotations

import pytest
import torch

import lrscope
from lrscope.audit.finding import INFO, WARNING

from .building import recorded
from .stories import one
from .verdict import audited

NAME = "first-update-at-lr-zero"


def told(path, **story):
    audit = audited(recorded(path, **story))
    return [each for each in audit.findings if each.name == NAME]


@pytest.mark.parametrize("scheds", [[], one("LambdaLR", update=1)])
def test_a_group_that_is_held_at_zero_to_the_end_is_no_beginning(tmp_path, scheds):
    assert not told(tmp_path, lr=lambda _: (0.0, 0.1), scheds=scheds)


def test_an_optimizer_without_a_rate_is_told_of_its_making_not_of_a_warmup(tmp_path):
    (found,) = told(tmp_path, lr=lambda _: 0.0)
    assert "all 100 updates ran at rate 0" in found.message
    assert "made with a rate of 0" in found.cause
    assert "warm-up" not in found.cause + found.fix


def test_two_groups_without_a_rate_are_told_of_alike(tmp_path):
    found = told(tmp_path, lr=lambda _: (0.0, 0.0))
    assert [each.group for each in found] == ["g0", "g1"]


def test_a_warmup_that_the_run_did_not_get_past_is_one(tmp_path):
    (found,) = told(
        tmp_path, lr=lambda _: 0.0, made=0.1, scheds=one("LambdaLR", each_pass=1)
    )
    assert "all 100 updates ran at rate 0" in found.message
    assert "warm-up" in found.cause


def test_a_group_that_waits_for_others_is_not_said_to_warm_up(tmp_path):
    (found,) = told(tmp_path, lr=lambda c: (0.0 if c < 40 else 0.1, 0.1))
    assert found.group == "g0"
    assert "while others train" in found.cause
    assert "warm-up" not in found.cause


def test_groups_that_warm_up_together_are(tmp_path):
    first, second = told(tmp_path, lr=lambda c: (0.001 * c, 0.002 * c))
    assert "warm-up" in first.cause
    assert "warm-up" in second.cause


def test_a_schedule_of_a_rate_of_zero_is_told_of_the_rate_not_of_a_warmup(tmp_path):
    found = told(tmp_path, lr=lambda _: (0.0, 0.0), scheds=one("LambdaLR", update=1))
    for each in found:
        assert each.cause.endswith("a rate of 0, and its schedule multiplies that")
        assert each.severity == WARNING


def test_an_optimizer_at_zero_beside_one_that_trains_is_information(tmp_path):
    def step(*optimizers):
        for each in optimizers:
            weight = each.param_groups[0]["params"][0]
            weight.square().sum().backward()
            each.step()

    with lrscope.record(tmp_path / "run"):
        still, moving = (
            torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=lr)
            for lr in (0.0, 0.1)
        )
        for _ in range(30):
            step(still, moving)
    audit = audited(lrscope.read_run(tmp_path / "run"))
    (found,) = [each for each in audit.findings if each.name == NAME]
    assert found.severity == INFO
