"""Each form of output says what its readers need, and says it as before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrscope
from lrscope.audit.finding import Finding, Severity
from lrscope.audit.rules import RULES
from lrscope.cli.audit import FORMS
from lrscope.report import findings_github, findings_sarif, findings_text, told

from .told import audits

HERE = Path(__file__).parent
ACTUAL = HERE.parents[1] / "actual"
SCHEMA = json.loads((HERE / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
ENDINGS = {
    "text": "txt",
    "json": "json",
    "sarif": "sarif",
    "github": "txt",
    "markdown": "md",
}
FOLDER = "/project"


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch):
    monkeypatch.setattr(Path, "cwd", classmethod(lambda cls: cls(FOLDER)))


def scrubbed(text):
    """Leave out what changes with every release and with the words of a manual page."""
    text = text.replace(lrscope.__version__, "VERSION")
    for rule in RULES:
        page = json.dumps(findings_sarif.cleandoc(rule.page))[1:-1]
        text = text.replace(page, f"PAGE OF {rule.code}")
        text = text.replace(json.dumps(_second(rule))[1:-1], f"MEANING OF {rule.code}")
        text = text.replace(json.dumps(rule.title)[1:-1], f"TITLE OF {rule.code}")
    return text + "\n"


def _second(rule):
    return findings_sarif.cleandoc(rule.page).split("\n\n")[1]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_as_it_was(form):
    name = f"{form}.{ENDINGS[form]}"
    came = scrubbed(FORMS[form](audits(Path(FOLDER))))
    golden = HERE / "golden" / name
    if not golden.exists() or came != golden.read_text(encoding="utf-8"):
        ACTUAL.mkdir(exist_ok=True)
        (ACTUAL / name).write_text(came, encoding="utf-8")
        pytest.fail(f"{name} differs; what came is in tests/actual/{name}")


FINDINGS = st.builds(
    Finding,
    code=st.sampled_from([each.code for each in RULES]),
    name=st.sampled_from([each.name for each in RULES]),
    severity=st.sampled_from(Severity),
    message=st.text(),
    cause=st.text(),
    fix=st.text(),
    optimizer=st.none() | st.text(),
    group=st.none() | st.text(),
    steps=st.none() | st.tuples(st.integers(0, 9), st.integers(10, 20)),
    where=st.lists(st.tuples(st.text(min_size=1), st.integers(0, 99)), max_size=3).map(
        tuple
    ),
    evidence=st.dictionaries(st.text(), st.floats() | st.text()),
    because=st.none() | st.sampled_from([each.name for each in RULES]),
)


def audit_of(found):
    first, _ = audits(Path(FOLDER))
    return lrscope.Audit(
        run="r",
        findings=tuple(found),
        ignored=first.ignored,
        tried=(),
        not_applicable=(),
        facts=first.facts,
    )


@given(found=st.lists(FINDINGS, max_size=6))
def test_sarif_is_valid_by_its_published_schema_whatever_was_found(found):
    data = json.loads(findings_sarif.as_sarif([audit_of(found)]))
    jsonschema.validate(data, SCHEMA, jsonschema.Draft4Validator)
    (run,) = data["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


@given(found=st.lists(FINDINGS, max_size=6))
def test_every_finding_is_told_once_in_every_form(found):
    audit = audit_of(found)
    for form, write in FORMS.items():
        text = write([audit])
        each = {
            "json": lambda t: len(json.loads(t)["findings"]),
            "sarif": lambda t: len(json.loads(t)["runs"][0]["results"]) - 1,
            "github": lambda t: len([e for e in t.split("\n") if e.startswith("::")]),
        }.get(form)
        if each is not None:
            assert each(text) == len(found)
    grouped = told.causes(found)
    assert sum(1 + len(follows) for _, follows in grouped) == len(found)


def test_a_line_for_github_cannot_be_broken_by_what_a_user_wrote():
    (line, *_) = findings_github.as_github(audits(Path(FOLDER))).splitlines()
    assert line.startswith("::error file=my train.py,line=41,title=LR203 cosine")
    assert "100%25%3A" not in line  # only options hide their colons
    assert "times.%0ACause: T_max=1000 is less than the 2000 steps.%0AFix" in line


def test_locations_are_relative_to_the_working_directory_or_absolute():
    data = json.loads(findings_sarif.as_sarif(audits(Path(FOLDER))))
    first = data["runs"][0]["results"][0]
    here = first["locations"][0]["physicalLocation"]["artifactLocation"]
    assert here == {"uri": "my%20train.py", "uriBaseId": "%SRCROOT%"}
    there = first["relatedLocations"][1]["physicalLocation"]["artifactLocation"]
    assert there == {"uri": "file:///elsewhere/schedules.py"}
    assert (
        data["runs"][0]["originalUriBaseIds"]["%SRCROOT%"]["uri"] == "file:///project/"
    )


def test_an_ignored_finding_is_suppressed_with_its_reason():
    data = json.loads(findings_sarif.as_sarif(audits(Path(FOLDER))))
    *shown, ignored = data["runs"][0]["results"]
    assert not any("suppressions" in each for each in shown)
    assert ignored["suppressions"][0]["justification"] == "we stop early, always"


def test_what_follows_is_told_under_its_cause_and_not_again():
    text = findings_text.as_text(audits(Path(FOLDER)))
    blocks = text.split("\n\n")
    assert "so also LR202" in blocks[0]
    assert text.count("LR202") == 1


def test_in_text_what_is_the_same_of_several_groups_is_told_once(tmp_path):
    (audit, _) = audits(tmp_path)
    finding = audit.findings[0]
    groups = [replace(finding, group=f"group{number}") for number in range(5)]
    other = replace(finding, message="another")
    text = findings_text.as_text([replace(audit, findings=(*groups, other))])
    assert text.count(finding.fix) == 2
    assert "adamw/group0, steps 1000–1999; adamw/group1" in text
    assert "; adamw/group2, steps 1000–1999 and 2 more\n" in text
    assert "6 errors" in text


def test_on_a_terminal_no_line_is_wider_than_it():
    lines = findings_text.lines_of(audits(Path(FOLDER)), 60)
    told_lines = [each.plain for each in lines if "LR2" not in each.plain]
    assert max(len(each) for each in told_lines if each.startswith("  The")) <= 60
    assert any(span.style == "bold red" for each in lines for span in each.spans)


def test_in_text_ten_errors_of_a_rule_are_told_and_the_rest_counted(tmp_path):
    (audit, _) = audits(tmp_path)
    error = audit.findings[0]
    many = tuple(replace(error, message=f"number {n}") for n in range(12))
    text = findings_text.as_text([replace(audit, findings=many)])
    assert text.count(error.fix) == 10
    assert f"and 2 more of {error.code} {error.name}; --format json has them" in text
    assert "12 errors" in text
