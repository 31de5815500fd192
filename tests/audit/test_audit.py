"""What an audit is: findings in order, with their causes, as far as asked for."""

from __future__ import annotations

import pytest

import lrscope
from lrscope.audit.finding import ERROR, INFO, WARNING
from lrscope.audit.rules import RULES
from lrscope.errors import NotARun, UsageError

from .building import recorded
from .stories import FIRES, cosine, one, sched
from .tale import LEAVING, PLAIN


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


def test_what_follows_from_a_rule_that_is_not_tried_stands_by_itself(tmp_path):
    story = FIRES["horizon-ignores-accumulation"]["four batches"]
    run = recorded(tmp_path, **story)
    (found,) = lrscope.audit_run(run, select=["LR201"]).findings
    assert (found.severity > INFO, found.because) == (True, None)
    audit = lrscope.audit_run(run, ignore=["horizon-ignores-accumulation"])
    accepted = {each.name: each for each in audit.findings}["schedule-longer-than-run"]
    assert accepted.severity == INFO  # its cause is known and wanted


def test_two_causes_that_coincide_are_both_named(tmp_path):
    story = {"scheds": one(T_max=400, update=1), "batches": 4, "world": 4}
    found = lrscope.audit_run(recorded(tmp_path, **story)).findings
    told = " ".join(each.cause for each in found if each.severity >= WARNING)
    assert "4 processes" in told
    assert "accumulated" in told


@pytest.mark.parametrize(
    ("source", "begin"),
    [
        (LEAVING, "if it was not stopped early on purpose, set T_max to the 5 steps"),
        (PLAIN, "set T_max to the 5 steps"),
    ],
)
def test_a_run_that_may_have_been_stopped_early_is_advised_with_care(
    tmp_path, source, begin
):
    run = recorded(tmp_path, scheds=one(T_max=50, each_pass=1), source=source)
    (found,) = lrscope.audit_run(run, select=["LR201"]).findings
    assert found.fix.startswith(begin)


@pytest.mark.parametrize(("source", "severity"), [(LEAVING, WARNING), (PLAIN, ERROR)])
def test_a_length_in_updates_that_is_stepped_by_pass_is_surely_wrong_in_a_whole_run(
    tmp_path, source, severity
):
    run = recorded(tmp_path, scheds=one(T_max=100, each_pass=1), source=source)
    (found,) = lrscope.audit_run(run, select=["LR002"]).findings
    assert found.severity == severity


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


def test_a_run_may_be_named_by_its_directory(tmp_path):
    run = recorded(tmp_path, **FIRES["horizon-ignores-accumulation"]["four batches"])
    findings = lrscope.audit_run(tmp_path / "run").findings
    assert findings
    assert findings == lrscope.audit_run(run).findings
    with pytest.raises(NotARun, match="nowhere"):
        lrscope.audit_run(str(tmp_path / "nowhere"))
