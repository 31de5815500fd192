"""What an audit promises of any resume, however wild."""

from __future__ import annotations

import json
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lrscope
from lrscope.audit.rule import FAILED
from lrscope.report import findings_json

from .legs import SCHEDULERS, Training, leg

ACTIONS = st.lists(
    st.sampled_from(
        ["make", "load O", "load S", "step", "update", "save"]
        + [f"by hand * {factor}" for factor in ("0.5", "0", "-1", "inf", "nan")]
    ),
    max_size=14,
)


def act(training, state, make, action):
    if action == "make":
        training.scheduler = make(training.optimizer, 10)
    elif action == "load O" and state:
        training.load(state, "O")
    elif action == "load S" and state and state["S"] and training.scheduler:
        training.load(state, "S")
    elif action == "step" and training.scheduler:
        training.scheduler.step()
    elif action.startswith("by hand"):
        training.optimizer.param_groups[0]["lr"] *= float(action.split()[-1])
    elif action == "update":
        training.update()
    return training.state() if action == "save" else state


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(sorted(SCHEDULERS)),
    legs=st.lists(ACTIONS, min_size=2, max_size=3),
)
def test_no_rule_fails_whatever_is_made_loaded_and_stepped_when(
    tmp_path_factory, name, legs
):
    path = tmp_path_factory.mktemp("any") / "run"
    state = None
    for actions in legs:
        with leg(path), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, about the order
            training = Training()
            try:
                for action in actions:
                    state = act(training, state, SCHEDULERS[name], action)
                training.update()
            except ValueError:  # OneCycleLR was stepped too often
                continue
    try:
        audit = lrscope.audit_run(lrscope.read_run(path))
    except lrscope.errors.NotARun:
        return
    assert [each for each in audit.not_applicable if FAILED in each.reason] == []
    assert json.loads(findings_json.as_json([audit]))


@pytest.mark.parametrize("legs", [1, 3])
def test_a_run_that_resumes_as_it_should_is_clean_however_often(tmp_path, legs):
    state = None
    for _ in range(legs):
        with leg(tmp_path / "run"):
            training = Training()
            training.scheduler = SCHEDULERS["SequentialLR"](
                training.optimizer, 20 * legs
            )
            if state:
                training.load(state)
            training.updates(20, training.scheduler.step)
            state = training.state()
    audit = lrscope.audit_run(lrscope.read_run(tmp_path / "run"))
    assert [each.name for each in audit.findings] == []
