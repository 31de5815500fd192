"""Applied rates beside planned ones: given, declared by a driver, or a scheduler's."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)

import lrscope
from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.plan import Plan
from lrscope.errors import UsageError

NAME = "applied-differs-from-plan"

SCHEDULERS = {
    "step": lambda o: StepLR(o, 7, 0.5),
    "milestones": lambda o: MultiStepLR(o, [5, 20]),
    "exponential": lambda o: ExponentialLR(o, 0.97),
    "linear": lambda o: LinearLR(o, 0.1, total_iters=20),
    "constant": lambda o: ConstantLR(o, 0.1, 9),
    "polynomial": lambda o: PolynomialLR(o, 50, 2.0),
    "cosine": lambda o: CosineAnnealingLR(o, 20, 1e-4),
    "restarts": lambda o: CosineAnnealingWarmRestarts(o, 7, 2),
    "one cycle": lambda o: OneCycleLR(o, 0.3, total_steps=70),
    "cyclic": lambda o: CyclicLR(o, 0.01, 0.1, 9),
    "sequence": lambda o: SequentialLR(
        o, [LinearLR(o, 0.1, total_iters=10), CosineAnnealingLR(o, 40)], [10]
    ),
    "chain": lambda o: ChainedScheduler([ConstantLR(o, 0.1, 5), ExponentialLR(o, 0.9)]),
}


def optimizer_of(*rates, tensor=False):
    groups = [
        {"params": [torch.ones(3, requires_grad=True)], "name": name}
        | {"lr": torch.tensor(rate) if tensor else rate}
        for name, rate in zip("ab", rates, strict=False)
    ]
    return SGD(groups, lr=0.1, momentum=0.9)


def update(optimizer, times=1, after=None):
    for count in range(times):
        for group in optimizer.param_groups:
            for each in group["params"]:
                each.grad = torch.ones_like(each)
        optimizer.step()
        if after:
            after(count)


def deviations(path, plan=None):
    """Return the findings, or None if there was nothing to compare."""
    audit = lrscope.audit_run(lrscope.read_run(path), plan=plan, select=[NAME])
    return None if audit.not_applicable else audit.findings


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("kind", SCHEDULERS)
def test_what_a_scheduler_of_torch_does_is_its_plan(tmp_path, kind, tensor):
    optimizer = optimizer_of(0.1, 0.02, tensor=tensor)
    with lrscope.record(tmp_path / "run"):
        scheduler = SCHEDULERS[kind](optimizer)
        update(optimizer, 60, lambda _: scheduler.step())
    assert deviations(tmp_path / "run") == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    kind=st.sampled_from(["step", "exponential", "linear", "cosine", "restarts"]),
    steps=st.lists(st.integers(0, 3), min_size=1, max_size=30),
)
def test_a_plan_counts_the_schedulers_own_steps(tmp_path_factory, kind, steps):
    path = tmp_path_factory.mktemp("runs") / "run"
    optimizer = optimizer_of(0.1)
    with lrscope.record(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = SCHEDULERS[kind](optimizer)
        for times in steps:
            update(optimizer)
            for _ in range(times):
                scheduler.step()
    assert not deviations(path)


def test_a_rate_written_by_hand_is_a_fact_with_its_line(tmp_path):
    optimizer = optimizer_of(0.1)

    def after(count):
        scheduler.step()
        if count == 30:
            optimizer.param_groups[0]["lr"] = 0.05

    with lrscope.record(tmp_path / "run"):
        scheduler = StepLR(optimizer, 100)
        update(optimizer, 60, after)
    (found,) = deviations(tmp_path / "run")
    assert found.severity == INFO
    assert found.steps == (31, 59)
    assert found.evidence["applied"] == 0.05
    assert found.evidence["planned"] == 0.1
    assert "by hand (test_plan.py" in found.cause


def test_nobody_is_told_to_leave_out_the_loading_of_a_state(tmp_path):
    optimizer = optimizer_of(0.1)
    state = optimizer_of(0.05).state_dict()
    with lrscope.record(tmp_path / "run"):
        update(optimizer, 30)
        optimizer.load_state_dict(state)
        update(optimizer, 30)
    (found,) = deviations(tmp_path / "run", "constant()")
    assert "optimizer.load_state_dict (test_plan.py" in found.cause
    assert found.fix == (
        "load the state of the schedule together with the optimizer's, "
        "or correct the plan"
    )


def cosine_run(path, *rates):
    optimizer = optimizer_of(*(rates or (0.1,)))
    with lrscope.record(path):
        scheduler = CosineAnnealingLR(optimizer, 60)
        update(optimizer, 60, lambda _: scheduler.step())
    return path


def test_a_given_plan_that_was_followed_is_no_finding(tmp_path):
    run = cosine_run(tmp_path / "run", 0.1, 0.02)
    assert deviations(run, "cosine(60)") == ()
    assert deviations(run, lrscope.cosine(60)) == ()
    assert deviations(run, "cosine('100%')") == ()


def test_a_given_plan_that_was_not_followed_is_an_error_at_its_first_update(tmp_path):
    run = cosine_run(tmp_path / "run")
    (found,) = deviations(run, "constant(steps=20) >> cosine(40)")
    assert found.severity == ERROR
    assert found.steps == (1, 59)
    assert "CosineAnnealingLR" in found.cause


def test_a_plan_of_rates_does_not_ask_what_groups_were_made_with(tmp_path):
    run = cosine_run(tmp_path / "run")
    assert deviations(run, "cosine(60).absolute(0.1)") == ()
    (found,) = deviations(run, "cosine(60).absolute(0.2)")
    assert found.steps[0] == 0


def test_a_plan_may_be_said_for_one_group(tmp_path):
    run = cosine_run(tmp_path / "run", 0.1, 0.02)
    (found,) = deviations(run, Plan.of("b=constant()"))
    assert found.group == "b"
    assert deviations(run, Plan.of("sgd/b=cosine(60)")) == ()
    with pytest.raises(UsageError, match="'head', which is none of"):
        deviations(run, "head=constant()")


def test_a_plan_goes_on_where_a_resumed_training_does(tmp_path):
    def leg(state):
        with lrscope.record(tmp_path / "run"):
            optimizer = optimizer_of(0.1)
            scheduler = CosineAnnealingLR(optimizer, 60)
            if state:
                scheduler.load_state_dict(state[0])
                optimizer.load_state_dict(state[1])
            update(optimizer, 30, lambda _: scheduler.step())
            return scheduler.state_dict(), optimizer.state_dict()

    leg(leg(None))
    assert deviations(tmp_path / "run", "cosine(60)") == ()
    assert deviations(tmp_path / "run") == ()


def test_a_driver_that_was_obeyed_is_no_finding(tmp_path):
    optimizer = optimizer_of(0.1, 0.003)
    with lrscope.record(tmp_path / "run"):
        lrscope.drive(optimizer, lrscope.warmup(10) >> lrscope.cosine(40))
        update(optimizer, 60)
    assert deviations(tmp_path / "run") == ()


def test_who_writes_behind_a_drivers_back_is_convicted(tmp_path):
    optimizer = optimizer_of(0.1)

    def meddle(driven, *_):
        driven.param_groups[0]["lr"] = 0.5

    with lrscope.record(tmp_path / "run"):
        lrscope.drive(optimizer, lrscope.cosine(60))
        update(optimizer, 30)
        optimizer.register_step_pre_hook(meddle)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            update(optimizer, 30)
    (found,) = deviations(tmp_path / "run")
    assert found.severity == ERROR
    assert found.steps[0] == 30
    assert found.evidence["applied"] == 0.5


def test_a_controlled_driver_has_no_plan(tmp_path):
    optimizer = optimizer_of(0.1)
    with lrscope.record(tmp_path / "run"):
        driver = lrscope.drive(
            optimizer,
            lrscope.cosine(99),
            control=lrscope.plateau(patience=0),
        )
        for metric in (1.0, 2.0, 3.0):
            update(optimizer, 5)
            driver.report(metric)
    assert deviations(tmp_path / "run") is None


def test_without_a_plan_or_a_known_scheduler_the_rule_does_not_apply(tmp_path):
    optimizer = optimizer_of(0.1)
    with lrscope.record(tmp_path / "run"):
        update(optimizer, 5)
    assert deviations(tmp_path / "run") is None


@pytest.mark.parametrize("said", [3, None])
def test_a_plan_that_is_no_schedule_is_refused(said):
    with pytest.raises(UsageError, match="needs a schedule"):
        Plan.of(said)


def test_a_plan_may_be_given_on_the_command_line(tmp_path):
    run = cosine_run(tmp_path / "run")

    def audit(*words):
        command = [sys.executable, "-m", "lrscope", "audit", str(run), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert audit("--plan", "cosine(60)").returncode == 0
    wrong = audit("--plan", "all=cosine(30)")
    assert wrong.returncode == 2
    assert "'all', which is none of" in wrong.stderr
    wrong = audit("--plan", "a=cosine(30)")
    assert wrong.returncode == 1
    assert NAME in wrong.stdout
    assert audit("--plan", "cosine(").returncode == 2
