"""What a project does not want to hear of is put aside with the reason, and no more."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from lrscope.audit.rules import RULES
from lrscope.audit.running import certain_findings
from lrscope.check.rules import STATIC_RULES
from lrscope.cli import exits
from lrscope.cli.main import main

from .building import recorded
from .stories import cosine, one
from .tale import script


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


WANTED = "# lrscope: ignore[LR203] a swing is wanted"
CLIMBING = {"scheds": one(T_max=60, update=1), "lr": cosine(60)}


def commented(folder, source):
    """Return the folder and the run of a program with a comment in it."""
    return folder, recorded(folder, source=source, **CLIMBING).path


@pytest.mark.parametrize(
    "source",
    [
        script(step=f"  {WANTED}"),
        script(before=WANTED),
        script(step="  # lrscope: ignore[LR001, LR203]: a swing is wanted"),
        script(step=f"  {WANTED.replace('LR203', 'cosine-past-T_max-climbs-back')}"),
        script().replace("make()):", f"make()):  {WANTED}"),
        script().replace("step()", f"step(\n)  {WANTED}"),
        script(step=f"  {WANTED}") + "else what is this:\n",
    ],
    ids=["line", "above", "several", "name", "maker", "its last line", "no Python"],
)
def test_a_comment_on_a_line_that_is_named_puts_a_finding_aside(tmp_path, source):
    _, run = commented(tmp_path, source)
    shown = audited(run)
    assert shown.exit_code == exits.OK
    assert "ignored: LR203, 1×: a swing is wanted" in shown.stdout
    data = json.loads(audited(run, "--format", "json").stdout)
    assert data["findings"] == []
    assert data["ignored"][0]["reason"] == "a swing is wanted"
    sarif = json.loads(audited(run, "--format", "sarif").stdout)
    (result,) = sarif["runs"][0]["results"]
    assert result["suppressions"][0]["kind"] == "inSource"


@pytest.mark.parametrize(
    "source",
    [
        script(step="  # lrscope: ignore[LR101] another rule"),
        script(step="  # lrscope: ignore[LR203]"),
        script(step="  # lrscope: ignore all of it"),
        script(after=WANTED),
        script(before=f"say('{WANTED}')"),
        f"{script()}{WANTED}",
    ],
    ids=["another rule", "no reason", "no rule", "below", "a text", "far away"],
)
def test_another_comment_changes_nothing(tmp_path, source):
    shown = audited(commented(tmp_path, source)[1])
    assert shown.exit_code == exits.FINDINGS
    assert "LR203 cosine" in shown.stdout


def gone(script):
    script.unlink()


def changed(script):
    script.write_text("import torch\n" * 3)


def a_folder(script):
    script.unlink()
    script.mkdir()


def no_text(script):
    script.write_bytes(b"\xff\xfe\x00# lrscope: ignore[LR203] why\n" * 20)


def of_no_encoding(script):
    script.write_text(f"# coding: nothing\n{script.read_text()}")


def endless(script):
    script.unlink()
    script.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "become", [gone, changed, a_folder, no_text, of_no_encoding, endless]
)
def test_a_program_that_cannot_be_read_any_more_ignores_nothing(tmp_path, become):
    folder, run = commented(tmp_path, script(step=f"  {WANTED}"))
    become(folder / "train.py")
    shown = audited(run)
    assert shown.exit_code == exits.FINDINGS
    assert shown.stderr == ""


def test_a_comment_counts_for_runs_that_were_recorded_before_it(tmp_path):
    folder, run = commented(tmp_path, script())
    assert audited(run).exit_code == exits.FINDINGS
    (folder / "train.py").write_text(script(step=f"  {WANTED}"))
    assert audited(run).exit_code == exits.OK


def test_what_the_project_file_says_comes_before_the_comment(tmp_path, monkeypatch):
    _, run = commented(tmp_path, script(step=f"  {WANTED}"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.lrscope]\nLR203 = "all of them"\n')
    assert "ignored: LR203, 1×: all of them" in audited(run).stdout


@pytest.mark.parametrize("comment", ["", "  # lrscope: ignore[LR201] a trial"])
def test_what_is_certain_of_a_run_that_goes_on_heeds_comments(tmp_path, comment):
    source = script().replace("make()):", f"make()):{comment}")
    story = {"scheds": one(T_max=400, each_pass=1), "source": source, "ended": False}
    run = recorded(tmp_path, updates=60, **story)
    found = certain_findings(run, segment=0)
    assert [each.code for each in found] == ([] if comment else ["LR201"])
