"""Each rule of resumes fires, stays quiet on its look-alike, and says when it cannot."""

from __future__ import annotations

import pytest

import lrscope
from lrscope.audit.rules import RULES

from .legs import loud
from .stories import CANNOT, FIRES, QUIET

OWN = [each.name for each in RULES if each.code.startswith("LR3")]


def told(table):
    return [
        pytest.param(rule, story, id=f"{rule}: {name}")
        for rule, stories in table.items()
        for name, story in stories.items()
    ]


@pytest.mark.parametrize(("rule", "story"), told(FIRES))
def test_a_mistake_is_found_and_is_the_only_one(tmp_path, rule, story):
    story(tmp_path / "run")
    assert loud(tmp_path / "run") == {rule}


@pytest.mark.parametrize(("rule", "story"), told(QUIET))
def test_what_looks_like_a_mistake_is_none(tmp_path, rule, story):
    story(tmp_path / "run")
    assert not loud(tmp_path / "run").intersection(OWN)


@pytest.mark.parametrize(("rule", "story"), told(CANNOT))
def test_a_rule_says_when_it_does_not_apply_and_why(tmp_path, rule, story):
    story(tmp_path / "run")
    audit = lrscope.audit_run(lrscope.read_run(tmp_path / "run"))
    reasons = {each.name: each.reason for each in audit.not_applicable}
    assert reasons[rule].startswith("needs ")


@pytest.mark.parametrize("rule", OWN)
def test_every_rule_has_stories_of_all_three_kinds(rule):
    assert FIRES[rule]
    assert QUIET[rule]
    assert CANNOT[rule]
