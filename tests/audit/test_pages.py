"""The registry is complete, and every rule has a manual page."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import lrscope.audit.rules as package
from lrscope.audit.rules import RULES
from lrscope.audit.rules.movement import does_not_move

HEADINGS = [
    "What it means:",
    "Why it matters:",
    "Usual causes:",
    "What to do:",
    "Looks the same, but is right:",
    "Upstream:",
]
FOLDER = Path(package.__file__).parent


def test_every_rule_in_the_folder_is_in_the_registry():
    modules = [
        import_module(f"lrscope.audit.rules.{path.parent.name}.{path.stem}")
        for path in FOLDER.glob("*/*.py")
        if path.stem != "__init__"
    ]
    assert sorted(m.RULE.code for m in modules) == [rule.code for rule in RULES]


def test_codes_and_names_are_there_once_and_in_order():
    assert len({rule.name for rule in RULES}) == len(RULES)
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"LR[0-9]\d\d", code) for code in codes)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_has_a_title_and_all_parts_in_order(rule):
    assert rule.title.endswith(".")
    places = [rule.page.find(f"\n{heading}") for heading in HEADINGS]
    assert places == sorted(places)
    assert places[0] > 0
    assert re.search(r"[\w.-]+/[\w.-]+#\d+", rule.page.partition("Upstream:")[2])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_it_needs(rule):
    assert rule.needs
    assert not rule.needs.endswith(".")


def test_the_page_of_a_group_that_does_not_move_names_its_thresholds():
    for share in (does_not_move.HARDLY, does_not_move.PART):
        assert f"fewer than {100 * share:g} %" in " ".join(
            does_not_move.__doc__.split()
        )
    looks_the_same = does_not_move.__doc__.partition("Looks the same")[2]
    assert "bfloat16" not in looks_the_same
