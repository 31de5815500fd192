"""Each rule of ownership fires, is quiet on its look-alike, and says when it cannot."""

from __future__ import annotations

import pytest

from lrscope.audit.rules import RULES

from .stories import CANNOT, FIRES, QUIET
from .training import judged, loud

PLAN = "applied-differs-from-plan"
OWN = [r.name for r in RULES if r.code.startswith("LR4") and r.name != PLAN]
ALWAYS = {"lr-is-a-string", "optimizer-computes-its-own-lr"}
"""Any optimizer that took a step can be judged by these."""


def told(table):
    return [
        pytest.param(rule, story, id=f"{rule}: {name}")
        for rule, stories in table.items()
        for name, story in stories.items()
    ]


@pytest.mark.parametrize(("rule", "story"), told(FIRES))
def test_a_mistake_is_found_and_is_the_only_one(tmp_path, rule, story):
    assert loud(judged(tmp_path / "run", story)) == {rule}


@pytest.mark.parametrize(("rule", "story"), told(QUIET))
def test_what_looks_like_a_mistake_is_none(tmp_path, rule, story):
    assert loud(judged(tmp_path / "run", story)) == set()


@pytest.mark.parametrize(("rule", "story"), told(CANNOT))
def test_a_rule_says_when_it_does_not_apply_and_why(tmp_path, rule, story):
    audit = judged(tmp_path / "run", story)
    reasons = {each.name: each.reason for each in audit.not_applicable}
    assert reasons[rule].startswith("needs ")


@pytest.mark.parametrize("rule", OWN)
def test_every_rule_has_stories_of_all_three_kinds(rule):
    assert FIRES[rule]
    assert QUIET[rule]
    assert rule in ALWAYS or CANNOT[rule]


def test_evidence_names_the_line_that_adds_the_group(tmp_path):
    story = FIRES["group-added-after-scheduler"]["linear"]
    (found,) = [f for f in judged(tmp_path / "run", story).findings if f.severity > 1]
    assert found.where[0][0].endswith("stories.py")
    assert found.group == "group1"
    assert found.steps[0] == 20
