"""What a project does not want to hear of is put aside with the reason, and no more."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from lrscope.audit.rules import RULES
from lrscope.check.rules import STATIC_RULES
from lrscope.cli import exits
from lrscope.cli.main import main

from .building import recorded
from .stories import cosine, one


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return recorded(tmp_path, scheds=one(T_max=60, update=1), lr=cosine(60)).path


def audited(run, *words):
    return CliRunner().invoke(main, ["audit", str(run), *words])


@pytest.mark.parametrize("rule", ["LR203", "cosine-past-T_max-climbs-back"])
def test_a_rule_is_ignored_by_code_or_name_and_the_reason_is_shown(tmp_path, run, rule):
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.lrscope.ignore]\n{rule} = "a swing is wanted"\n'
    )
    shown = audited(run)
    assert shown.exit_code == exits.OK
    assert "ignored: LR203, 1×: a swing is wanted" in shown.stdout
    data = json.loads(audited(run, "--format", "json").stdout)
    assert data["findings"] == []
    assert data["ignored"][0]["reason"] == "a swing is wanted"
    assert data["ignored"][0]["code"] == "LR203"


def test_an_empty_reason_is_an_error_of_configuration(tmp_path, run):
    (tmp_path / "pyproject.toml").write_text('[tool.lrscope.ignore]\nLR203 = " "\n')
    shown = audited(run)
    assert shown.exit_code == exits.USAGE
    assert "needs a reason" in shown.stderr


def test_a_rule_that_does_not_exist_cannot_be_ignored(tmp_path, run):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.lrscope.ignore]\nLR999 = "no idea"\n'
    )
    shown = audited(run)
    assert shown.exit_code == exits.USAGE
    assert "'LR999'" in shown.stderr


def test_a_rule_of_the_check_alone_does_not_disturb_the_audit(tmp_path, run):
    known = {each.code for each in RULES}
    alone = next(each.code for each in STATIC_RULES if each.code not in known)
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.lrscope.ignore]\n{alone} = "ours"\n'
    )
    shown = audited(run)
    assert shown.exit_code == exits.FINDINGS
    assert alone not in shown.stdout


def test_what_is_ignored_on_the_command_line_is_told_too(run):
    assert "ignored: LR203, 1×: --ignore" in audited(run, "--ignore", "LR203").stdout
