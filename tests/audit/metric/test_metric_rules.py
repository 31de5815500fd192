"""Rules of metrics, traps and values fire, stay quiet, and say when they cannot."""

from __future__ import annotations

import pytest

from audit.building import recorded
from lrscope.audit.audit import audit_run
from lrscope.audit.finding import INFO
from lrscope.audit.rule import FAILED

from .stories import CANNOT, FIRES, QUIET


def told(table):
    return [
        pytest.param(rule, story, id=f"{rule}: {name}")
        for rule, stories in table.items()
        for name, story in stories.items()
    ]


def judged(tmp_path, story):
    audit = audit_run(recorded(tmp_path, **story))
    assert not [each for each in audit.not_applicable if FAILED in each.reason]
    return audit


def loud(audit):
    return {each.name for each in audit.findings if each.severity > INFO}


@pytest.mark.parametrize(("rule", "story"), told(FIRES))
def test_a_mistake_is_found(tmp_path, rule, story):
    assert rule in loud(judged(tmp_path, story))


@pytest.mark.parametrize(("rule", "story"), told(QUIET))
def test_what_looks_like_a_mistake_is_none(tmp_path, rule, story):
    audit = judged(tmp_path, story)
    assert rule not in loud(audit)
    assert rule not in {each.name for each in audit.not_applicable}


@pytest.mark.parametrize(("rule", "story"), told(CANNOT))
def test_a_rule_says_when_it_does_not_apply_and_why(tmp_path, rule, story):
    audit = judged(tmp_path, story)
    reasons = {each.name: each.reason for each in audit.not_applicable}
    assert reasons[rule].startswith("needs ")
