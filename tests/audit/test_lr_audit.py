"""The fixture fails a test whose training has findings, and no other."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import pytest
import torch

from lrscope import testing

pytest_plugins = ["pytester"]
lr_audit = testing.lr_audit


def train(length, steps=40):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=length)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(3, 2)).mean().backward()
        optimizer.step()
        scheduler.step()


def test_a_training_without_a_mistake_passes(lr_audit):
    with lr_audit() as path:
        train(40)
    assert (path / "segment000.json").exists()


def test_a_mistake_fails_with_its_report(lr_audit):
    with pytest.raises(pytest.fail.Exception) as failed, lr_audit():
        train(25)
    assert "LR203 cosine-past-T_max-climbs-back   error" in str(failed.value)
    assert "Fix: set T_max=40" in str(failed.value)
    assert not failed.value.pytrace


@pytest.mark.parametrize(
    "ignore", [{"LR203": "a swing"}, ["cosine-past-T_max-climbs-back"]]
)
def test_what_is_ignored_does_not_fail(lr_audit, ignore):
    with lr_audit(ignore=ignore):
        train(25)


def test_a_block_without_a_step_fails_and_says_so(lr_audit):
    with (
        pytest.raises(pytest.fail.Exception, match="saw no optimizer step"),
        lr_audit(),
    ):
        pass


def test_an_exception_of_the_training_is_what_the_test_fails_with(lr_audit):
    with pytest.raises(ZeroDivisionError), lr_audit():
        train(25 // 0)
    with lr_audit():
        train(40)


@pytest.mark.parametrize("fail_on", ["warning", "error"])
def test_options_of_pytest_are_no_options_of_the_training(
    lr_audit, monkeypatch, fail_on
):
    words = ["pytest", "--maxfail=3"]
    monkeypatch.setattr(sys, "argv", words)
    if fail_on == "error":
        with lr_audit(fail_on=fail_on):
            train(400)
    else:
        with (
            pytest.raises(pytest.fail.Exception, match="schedule-longer-than-run"),
            lr_audit(),
        ):
            train(400)
    assert sys.argv is words


def test_pytest_finds_the_fixture_by_itself(pytester):
    found = any(each.name == "lrscope" for each in entry_points(group="pytest11"))
    own = (
        [] if found else ["-p", "lrscope.testing"]
    )  # installed before it had the plugin
    pytester.makepyfile("def test_it(lr_audit):\n    assert callable(lr_audit)\n")
    pytester.runpytest_subprocess(*own).assert_outcomes(passed=1)
