"""Each rule fires, stays quiet on its look-alike, and says when it cannot judge."""

from __future__ import annotations

import pytest

from lrscope.audit.audit import audit_run
from lrscope.audit.finding import INFO
from lrscope.audit.rule import FAILED
from lrscope.audit.rules import RULES

from .building import recorded
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


@pytest.mark.parametrize(("rule", "story"), told(FIRES))
def test_a_mistake_is_found_and_is_the_only_one(tmp_path, rule, story):
    audit = judged(tmp_path, story)
    loud = {each.name for each in audit.findings if each.severity > INFO}
    assert loud == {rule}


@pytest.mark.parametrize(("rule", "story"), told(QUIET))
def test_what_looks_like_a_mistake_is_none(tmp_path, rule, story):
    audit = judged(tmp_path, story)
    loud = {each.name for each in audit.findings if each.severity > INFO}
    assert rule not in loud
    assert rule not in {each.name for each in audit.not_applicable}


@pytest.mark.parametrize(("rule", "story"), told(CANNOT))
def test_a_rule_says_when_it_does_not_apply_and_why(tmp_path, rule, story):
    audit = judged(tmp_path, story)
    reasons = {each.name: each.reason for each in audit.not_applicable}
    assert reasons[rule].startswith("needs ")


# the other families have folders and stories of their own
@pytest.mark.parametrize("rule", [each.name for each in RULES if each.code < "LR3"])
def test_every_rule_has_stories_of_all_three_kinds(rule):
    assert FIRES[rule]
    assert QUIET[rule]
    assert CANNOT[rule]
