"""The rules as a whole: complete, with pages, and of one mind with the audit."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from lrscope.audit.rules import RULES
from lrscope.check.check import check_files
from lrscope.check.rules import STATIC_RULES

ROOT = Path(__file__).parents[2]
WILD = ROOT.parent / "shared/wild/cases"
OWN = {"lr-written-beside-the-groups"}
"""Rules that no recording can show."""


def test_every_file_of_the_folder_is_in_the_registry():
    folder = ROOT / "src/lrscope/check/rules"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    pages = {import_module(f"lrscope.check.rules.{each}").RULE for each in files}
    assert pages == {*STATIC_RULES}
    assert list(STATIC_RULES) == sorted(STATIC_RULES, key=lambda each: each.code)


def test_a_rule_of_the_audits_name_has_its_code_and_no_other_has_it():
    codes = {each.name: each.code for each in RULES}
    for rule in STATIC_RULES:
        assert codes.get(rule.name, rule.code) == rule.code
    merged = {**codes, **{each.name: each.code for each in STATIC_RULES}}
    assert len({*merged.values()}) == len(merged)


@pytest.mark.parametrize("rule", STATIC_RULES, ids=lambda each: each.name)
def test_a_rule_has_a_manual_page_in_its_parts(rule):
    assert rule.title.endswith(".")
    for part in ("What it means:", "Why it matters:", "Usual causes:", "What to do:"):
        assert part in rule.page
    assert "Looks the same, but is right:" in rule.page


def test_a_rule_is_in_the_catalogue_or_is_known_to_be_our_own():
    catalogue = ROOT.parent / "shared/wild-bugs.md"
    if not catalogue.exists():
        pytest.skip("the catalogue is not at hand")
    text = catalogue.read_text(encoding="utf-8")
    missing = {each.name for each in STATIC_RULES if f"`{each.name}`" not in text}
    assert missing == OWN


@pytest.mark.skipif(not WILD.exists(), reason="the programs are not at hand")
def test_wild_programs_have_the_mistakes_that_show_in_their_source_and_no_others():
    shown = {
        "ae_digits",
        "metric_learning",
        "mixup_digits",
        "pointcloud",
        "pose_vae",
        "recsys_mf",
        "superres",
        "tiny_mt",
        "transfer_cls",
        "two_tower",
    }
    found = set()
    for case in json.loads((WILD / "manifest.json").read_text(encoding="utf-8")):
        for each in check_files([WILD / case["id"]]).findings:
            assert each.name in case["expect"], (case["id"], each.message)
            found.add(case["id"])
    assert found == shown
