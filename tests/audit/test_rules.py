"""Each rule fires, stays quiet on its look-alike, and says when it cannot judge."""

from __future__ import annotations

import pytest

from lrscope.audit.rules import RULES

from . import stories as loops
from .metric import stories as metrics
from .movement import stories as movements
from .ownership import stories as owners
from .ownership import training
from .resume import legs
from .resume import stories as resumes
from .verdict import loud, names, silent

FAMILIES = {
    loops: loops.judged,
    metrics: loops.judged,
    movements: loops.judged,
    owners: training.judged,
    resumes: legs.judged,
}
"""Modules with stories of three kinds, and what tells one to the audit."""

ALWAYS = {"lr-is-a-string": "it needs an optimizer, and without one there is no run"}
"""Rules that can judge any run, and why. Only ever make this shorter."""

QUIETLY = {
    "momentum-cycled-with-lr",
    "logged-lr-is-next-step",
    "only-first-group-logged",
    "update-to-weight-out-of-range",
}
"""Rules whose findings are no mistakes, only worth knowing."""


def told(kind):
    return [
        pytest.param(rule, judged, story, id=f"{rule}: {name}")
        for family, judged in FAMILIES.items()
        for rule, own in getattr(family, kind).items()
        for name, story in own.items()
    ]


def ruled(kind):
    return {rule for family in FAMILIES for rule in getattr(family, kind)}


@pytest.mark.parametrize(("rule", "judged", "story"), told("FIRES"))
def test_a_mistake_is_found_and_is_the_only_one(tmp_path, rule, judged, story):
    audit = judged(tmp_path, story)
    assert rule in names(audit)
    assert loud(audit) == {rule} - QUIETLY


@pytest.mark.parametrize(("rule", "judged", "story"), told("QUIET"))
def test_what_looks_like_a_mistake_is_none(tmp_path, rule, judged, story):
    audit = judged(tmp_path, story)
    assert rule not in (names(audit) if rule in QUIETLY else loud(audit))
    assert rule not in silent(audit)


@pytest.mark.parametrize(("rule", "judged", "story"), told("CANNOT"))
def test_a_rule_says_when_it_does_not_apply_and_why(tmp_path, rule, judged, story):
    audit = judged(tmp_path, story)
    reasons = {each.name: each.reason for each in audit.not_applicable}
    assert reasons[rule].startswith("needs ")


@pytest.mark.parametrize("rule", [each.name for each in RULES])
def test_every_rule_has_stories_of_all_three_kinds(rule):
    assert rule in ruled("FIRES")
    assert rule in ruled("QUIET")
    assert (rule in ruled("CANNOT")) != (rule in ALWAYS)


def test_stories_are_told_of_rules_that_there_are():
    assert set.union(*map(ruled, ("FIRES", "QUIET", "CANNOT"))) <= {
        r.name for r in RULES
    }
