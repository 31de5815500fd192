"""Schedules that are functions of a program, in a resumed training."""

from __future__ import annotations

import math

import pytest
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

import lrscope
from audit.verdict import audited, loud
from lrscope import drive
from lrscope.schedules import cosine, warmup

from .legs import Training, leg, made

TOTAL = 48


def of_a_script(name):
    """Return what makes a warm-up and cosine, as if it stood in a script of a name."""

    def make(optimizer, length):
        def factor(step):
            return min(
                (step + 1) / 6, 0.5 + 0.5 * math.cos(math.pi * step / total_steps)
            )

        total_steps = length
        factor.__code__ = factor.__code__.replace(co_filename=name)
        return LambdaLR(optimizer, factor)

    return make


def judged(path):
    return loud(audited(lrscope.read_run(path)))


@pytest.mark.parametrize("place", ["job1/train.py", "job2/train.py"])
@pytest.mark.parametrize("what", ["O", "OS"])
def test_a_script_that_was_copied_is_the_same_script(tmp_path, place, what):
    with leg(tmp_path / "run"):
        first = made(of_a_script("job1/train.py"), TOTAL)
        first.updates(20, first.scheduler.step)
        state = first.state()
    with leg(tmp_path / "run"):
        second = made(of_a_script(place), TOTAL).load(state, what)
        second.updates(28, second.scheduler.step)
    expected = {"state-silently-skipped"} if what == "O" else set()
    assert judged(tmp_path / "run") == expected


@pytest.mark.parametrize("what", ["O", "OS"])
def test_what_was_before_need_not_have_been_recorded(tmp_path, what):
    first = made(of_a_script("train.py"), TOTAL)
    first.updates(20, first.scheduler.step)
    with leg(tmp_path / "run"):
        second = made(of_a_script("train.py"), TOTAL).load(first.state(), what)
        second.updates(28, second.scheduler.step)
    expected = {"sched-state-not-saved"} if what == "O" else set()
    assert judged(tmp_path / "run") == expected


def test_a_plan_that_was_left_follows_from_a_state_that_was_not_saved(tmp_path):
    with leg(tmp_path / "run"):
        first = made(CosineAnnealingLR, TOTAL)
        state = first.until(5, saving=lambda each: each.state(scheduler=False))
    with leg(tmp_path / "run"):
        second = made(CosineAnnealingLR, TOTAL).load(state, "O")
        second.updates(28, second.scheduler.step)
    found = {e.name: e for e in audited(lrscope.read_run(tmp_path / "run")).findings}
    assert found["applied-differs-from-plan"].because == "sched-state-not-saved"


def test_a_new_schedule_of_another_length_is_meant(tmp_path):
    first = made(of_a_script("train.py"), TOTAL)
    first.updates(20, first.scheduler.step)
    with leg(tmp_path / "run"):
        second = made(of_a_script("train.py"), 30).load(first.state(), "O")
        second.updates(30, second.scheduler.step)
    assert "sched-state-not-saved" not in judged(tmp_path / "run")


@pytest.mark.parametrize("loaded", [True, False])
def test_of_a_driver_that_is_not_restored_the_call_that_lacks_is_named(
    tmp_path, loaded
):
    state = None
    for count in (20, 28):
        with leg(tmp_path / "run"):
            training = Training()
            driver = drive(training.optimizer, warmup(6) >> cosine(TOTAL - 6))
            if state:
                training.load(state[0], "O")
                if loaded:
                    driver.load_state_dict(state[1])
            training.updates(count)
            state = training.state(scheduler=False), driver.state_dict()
    findings = audited(lrscope.read_run(tmp_path / "run")).findings
    named = [each for each in findings if each.name == "sched-state-not-saved"]
    assert len(named) == (not loaded)
    for each in named:
        assert "driver.load_state_dict() was not called" in each.cause
        assert each.where[0][0].endswith("test_functions.py")
