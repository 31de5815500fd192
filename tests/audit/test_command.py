"""``lrscope audit`` and ``lrscope rules`` as they are typed."""

from __future__ import annotations

import json

import pytest
import torch
from click.testing import CliRunner

import lrscope
from lrscope.audit.rules import RULES
from lrscope.check.rules import STATIC_RULES
from lrscope.cli import exits
from lrscope.cli.main import main

from .building import recorded
from .stories import cosine, one

CLIMBING = {"scheds": one(T_max=60, update=1), "lr": cosine(60)}
TOLD = """\
LR203 cosine-past-T_max-climbs-back   error   sgd, steps 60–99
  The rate rose again from 0 to 0.0727 after update 60: CosineAnnealingLR(T_max=60) was stepped 100 times.
  Cause: T_max=60 is less than the 100 steps of the cosine.
  Fix: set T_max=100, or stop stepping after 60.
  Lines: train.py:10, train.py:2
"""


def called(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_finding_is_told_with_its_cause_its_fix_and_the_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = called("audit", recorded(tmp_path, **CLIMBING).path)
    assert shown.stdout.startswith(TOLD)
    assert shown.exit_code == exits.FINDINGS


def test_a_clean_run_ends_well(tmp_path):
    shown = called("audit", recorded(tmp_path, scheds=one(T_max=100, update=1)).path)
    assert "no findings" in shown.stdout
    assert shown.exit_code == exits.OK


def test_json_holds_what_other_tools_need(tmp_path):
    run = recorded(tmp_path, **CLIMBING)
    shown = called("audit", run.path, "--format", "json")
    data = json.loads(shown.stdout)
    (finding,) = data["findings"]
    assert data["format"] == 1
    assert finding["name"] == "cosine-past-T_max-climbs-back"
    assert finding["severity"] == "error"
    assert finding["steps"] == [60, 99]
    assert finding["where"][0] == {"file": str(tmp_path / "train.py"), "line": 10}
    ratios = {"updates": 100, "scheduler_steps": 100, "backward_calls": 100}
    ratios |= {"passes": 5, "world_size": 1, "position": 100, "horizon": 60}
    assert finding["evidence"]["ratios"] == ratios
    assert {"code", "name", "reason"} == set(data["not_applicable"][0])
    assert data["facts"]["trainings"][0]["schedulers"][0]["per_call"] == 1


def test_several_runs_are_told_one_after_the_other_and_the_worst_decides(tmp_path):
    fine = recorded(tmp_path / "a", scheds=one(T_max=100, update=1)).path
    bad = recorded(tmp_path / "b", **CLIMBING).path
    shown = called("audit", bad, fine)
    assert shown.exit_code == exits.FINDINGS
    assert f"{fine}: no findings" in shown.stdout
    data = json.loads(called("audit", bad, fine, "--format", "json").stdout)
    assert [len(each["findings"]) for each in data] == [1, 0]


@pytest.mark.parametrize(("limit", "code"), [("warning", 1), ("error", 0)])
def test_fail_on_says_how_severe_a_finding_must_be(tmp_path, limit, code):
    run = recorded(tmp_path, scheds=one(T_max=12, each_pass=1), lr=cosine(12, 20))
    assert called("audit", run.path, "--fail-on", limit).exit_code == code


def test_an_ignored_rule_is_not_told(tmp_path):
    shown = called("audit", recorded(tmp_path, **CLIMBING).path, "--ignore", "LR203")
    assert "LR203 cosine" not in shown.stdout
    assert shown.exit_code == exits.OK


def test_a_rule_that_does_not_exist_is_a_usage_error(tmp_path):
    shown = called("audit", recorded(tmp_path).path, "--select", "LR9")
    assert shown.exit_code == exits.USAGE
    assert "lrscope rules" in shown.stderr


def test_a_place_without_a_run_is_a_broken_recording(tmp_path):
    assert called("audit", tmp_path).exit_code == exits.BROKEN


def test_rules_lists_every_rule_and_prints_a_page(tmp_path):
    listed = called("rules").stdout.splitlines()
    codes = {rule.code for rule in (*RULES, *STATIC_RULES)}
    assert [line.split()[0] for line in listed] == sorted(codes)
    page = called("rules", "cosine-past-T_max-climbs-back").stdout
    assert page.startswith("LR203 cosine-past-T_max-climbs-back   error, found by ")
    assert "\n\nThe cosine" in page
    assert called("rules", "LR203").stdout == page


def test_rules_lists_those_that_speak_of_a_word():
    done = called("rules", "Cosine")
    assert done.exit_code == exits.OK
    lines = done.stdout.splitlines()
    at = [line.split() for line in lines].index(
        ["LR203", "error", "cosine-past-T_max-climbs-back"]
    )
    assert lines[at + 1].strip().startswith("The cosine ")
    assert 2 < len(lines[::2]) < len(RULES)
    assert called("rules", "lr20").stdout.startswith("LR201 ")
    nothing = called("rules", "zebra")
    assert nothing.exit_code == exits.USAGE
    assert "no rule 'zebra'" in nothing.stderr
    assert "lrscope rules lists them all" in nothing.stderr


@pytest.mark.parametrize("names", ["LR203,LR002", " LR203 , LR002,"])
def test_several_rules_may_be_named_at_once(tmp_path, names):
    run = recorded(tmp_path, **CLIMBING)
    shown = called("audit", run.path, "--ignore", names)
    assert shown.exit_code == exits.OK
    shown = called("audit", run.path, "--select", names)
    assert shown.stdout.count("LR203") == 1
    assert "2 rules tried" in shown.stdout


def test_of_a_folder_of_runs_one_is_to_be_named(tmp_path):
    run = recorded(tmp_path, **CLIMBING).path
    shown = called("audit", run.parent)
    assert f"the runs in it: {run.name}" in shown.stderr
    shown = called("audit", f"{run}s")
    assert f"did you mean {run}?" in shown.stderr


def test_a_run_without_an_update_is_not_called_clean(tmp_path):
    made = []

    @lrscope.record(tmp_path / "run")
    def train():
        made.append(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    for form in ("text", "markdown"):
        shown = called("audit", tmp_path / "run", "--format", form)
        assert shown.exit_code == exits.OK
        assert "no update was recorded, so there is nothing to judge" in shown.stdout
        assert "no findings" not in shown.stdout
