"""What an audit promises of any run, whatever its rules are."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lrscope
from lrscope.audit.finding import ERROR, INFO, WARNING
from lrscope.audit.rule import FAILED
from lrscope.audit.rules import RULES
from lrscope.errors import UsageError
from lrscope.report import findings_json

from .building import recorded
from .stories import FIRES, cosine, one, sched
from .tale import LEAVING, PLAIN, Sched

COUNTS = st.integers(0, 3)
LENGTHS = st.one_of(st.integers(-1, 150), st.floats(allow_nan=True), st.none())
RATES = st.sampled_from([0.0, -0.1, 1e-3, 0.1, float("nan"), float("inf"), 5e-324])
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "T_max": LENGTHS,
        "total_iters": LENGTHS,
        "total_steps": LENGTHS,
        "step_size": LENGTHS,
        "steps_per_epoch": LENGTHS,
        "epochs": LENGTHS,
        "start_factor": st.sampled_from([0.1, 1.0, "nan", None]),
        "end_factor": st.sampled_from([0.0, 1.0, None]),
        "milestones": st.lists(LENGTHS, max_size=3),
        "lr_lambda": st.sampled_from([None, [], [{"callable": "f"}], "text"]),
        "patience": LENGTHS,
    },
)
SCHEDS = st.builds(
    Sched,
    kind=st.sampled_from(
        [
            "CosineAnnealingLR",
            "OneCycleLR",
            "LinearLR",
            "StepLR",
            "MultiStepLR",
            "SequentialLR",
            "ChainedScheduler",
            "LambdaLR",
            "ReduceLROnPlateau",
            "Own",
        ]
    ),
    given=ARGUMENTS,
    update=COUNTS,
    batch=COUNTS,
    each_pass=COUNTS,
    start=COUNTS,
    ahead=COUNTS,
    valid=COUNTS,
    optimizer=st.integers(0, 1),
    children=st.lists(st.integers(0, 1), max_size=2),
    metric=st.sampled_from([None, float, lambda _: float("nan")]),
    accelerate=st.booleans(),
    module=st.sampled_from(["torch.optim.lr_scheduler", "mine"]),
)


@st.composite
def trainings(draw):
    groups = draw(st.integers(1, 2))
    updates = draw(st.integers(1, 60))
    row = st.lists(RATES, min_size=groups, max_size=groups)
    rates = draw(st.lists(row, min_size=updates, max_size=updates))
    skipped = draw(st.sets(st.integers(0, updates)))
    return {
        "updates": updates,
        "lr": lambda call: rates[call],
        "scheds": draw(st.lists(SCHEDS, max_size=3)),
        "per_pass": draw(st.sampled_from([None, 1, 7, 20])),
        "batches": draw(st.integers(1, 3)),
        "valid_every": draw(COUNTS),
        "skips": lambda call: call in skipped,
        "scaled": draw(st.booleans()),
        "world": draw(st.sampled_from([None, 1, 4])),
        "others": draw(st.sampled_from([[], [{"elements": 7}]])),
        "other_until": draw(st.integers(0, 60)),
        "raised": draw(st.sampled_from([None, {"type": "ValueError", "message": "5"}])),
        "ended": draw(st.booleans()),
        "source": draw(st.sampled_from([PLAIN, LEAVING, "no python (", ""])),
        "by_hand": draw(st.booleans()),
        "silent": draw(st.booleans()),
    }


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=trainings())
def test_no_rule_fails_on_any_run_and_all_can_be_written_as_json(
    tmp_path_factory, told
):
    audit = lrscope.audit_run(recorded(tmp_path_factory.mktemp("any"), **told))
    assert [each for each in audit.not_applicable if FAILED in each.reason] == []
    plain = json.loads(findings_json.as_json([audit]))
    assert len(plain["findings"]) == len(audit.findings)
    for each in audit.findings:
        assert each.message
        assert each.cause
        assert each.fix
        assert each.steps is None or 0 <= each.steps[0] <= each.steps[1]


@pytest.mark.parametrize("rule", [r for r in FIRES if "amp" not in r])
def test_an_unrelated_group_never_removes_a_finding(tmp_path, rule):
    story = next(iter(FIRES[rule].values()))
    rate = story.get("lr", lambda _: 0.1)
    twice = {**story, "lr": lambda call: (rate(call), rate(call))}
    before = lrscope.audit_run(recorded(tmp_path / "one", **story)).findings
    after = lrscope.audit_run(recorded(tmp_path / "two", **twice)).findings
    assert {each.name for each in before} <= {each.name for each in after}


def test_the_most_severe_comes_first_then_the_earliest(tmp_path):
    late = [sched(T_max=60, update=1), sched("MultiStepLR", milestones=[2.5])]
    run = recorded(tmp_path, scheds=late, lr=cosine(60))
    severities = [each.severity for each in lrscope.audit_run(run).findings]
    assert severities == sorted(severities, reverse=True)
    assert severities[0] == ERROR


def test_what_follows_from_a_mistake_is_information_that_names_it(tmp_path):
    story = FIRES["horizon-ignores-accumulation"]["four batches"]
    found = {e.name: e for e in lrscope.audit_run(recorded(tmp_path, **story)).findings}
    follows = found["schedule-longer-than-run"]
    assert (follows.severity, follows.because) == (INFO, "horizon-ignores-accumulation")


def test_two_causes_that_coincide_are_both_named(tmp_path):
    story = {"scheds": one(T_max=400, update=1), "batches": 4, "world": 4}
    found = lrscope.audit_run(recorded(tmp_path, **story)).findings
    told = " ".join(each.cause for each in found if each.severity >= WARNING)
    assert "4 processes" in told
    assert "accumulated" in told


def test_select_and_ignore_take_codes_and_names(tmp_path):
    run = recorded(tmp_path, scheds=one(T_max=5))
    codes = lambda **how: [e.code for e in lrscope.audit_run(run, **how).findings]  # noqa: E731
    assert codes() == ["LR001"]
    assert codes(select=["lr001"]) == ["LR001"]
    assert codes(select=["LR203"]) == []
    assert codes(ignore=["sched-never-stepped"]) == []


def test_a_rule_that_is_not_there_is_refused_in_words(tmp_path):
    run = recorded(tmp_path)
    with pytest.raises(UsageError, match="no rule 'LR999'"):
        lrscope.audit_run(run, select=["LR999"])


def test_explanations_do_not_go_in_circles():
    explains = {rule.name: set(rule.explains) for rule in RULES}
    for name, first in explains.items():
        reached = set(first)
        for _ in RULES:
            reached |= {e for each in reached for e in explains.get(each, ())}
        assert name not in reached
