"""The findings of an audit in SARIF 2.1.0, the form that code scanning reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lrscope import __version__
from lrscope.audit.finding import ERROR, INFO, WARNING
from lrscope.audit.rules import RULES
from lrscope.report import told
from lrscope.report.findings_json import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrscope.audit.audit import Audit, Ignored
    from lrscope.audit.finding import Finding
    from lrscope.audit.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}
"""SARIF's words for our severities."""

ROOT = "%SRCROOT%"
"""Name of the working directory, to which locations are relative."""


def as_sarif(audits: Sequence[Audit]) -> str:
    """Return all audits as one run of the tool; ignored findings are suppressed."""
    root = Path.cwd()
    found = [f for a in audits for f in (*a.findings, *(i.finding for i in a.ignored))]
    rules = [each for each in RULES if each.code in {f.code for f in found}]
    order = {each.code: index for index, each in enumerate(rules)}
    results = [result for each in audits for result in _results(each, order, root)]
    notices = [notice for each in audits for notice in _notices(each)]
    here = {"uri": f"{root.as_uri()}/"}
    run = {
        "tool": {
            "driver": {
                "name": "lrscope",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(each) for each in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "workingDirectory": here,
                "toolExecutionNotifications": notices,
            }
        ],
        "originalUriBaseIds": {ROOT: here},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return written({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    page = cleandoc(rule.page or rule.title)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title or rule.name},
        "fullDescription": {"text": page.split("\n\n")[1] if "\n\n" in page else page},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": ["learning-rate"], "precision": "high"},
    }


def _results(
    audit: Audit, order: dict[str, int], root: Path
) -> Iterator[dict[str, Any]]:
    for finding in audit.findings:
        yield _result(finding, audit, order, root)
    for each in audit.ignored:
        yield {
            **_result(each.finding, audit, order, root),
            "suppressions": [_suppression(each)],
        }


def _suppression(ignored: Ignored) -> dict[str, Any]:
    reason = {"justification": ignored.reason} if ignored.reason else {}
    kind = "inSource" if ignored.in_source else "external"
    return {"kind": kind, "status": "accepted", **reason}


def _result(
    finding: Finding, audit: Audit, order: dict[str, int], root: Path
) -> dict[str, Any]:
    # code scanning refuses a result without a file: the recording is one
    places = finding.where or ((str(Path(audit.run) / "segment000.json"), 1),)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": order[finding.code],
        "level": LEVELS[finding.severity],
        "message": {"text": "\n".join(told.paragraphs(finding))},
        "locations": [_location(*places[0], finding, root)],
        "partialFingerprints": {"mistake/v1": _fingerprint(finding, root)},
        "properties": {
            "run": audit.run,
            "segment": finding.segment,
            "rank": finding.rank,
            "steps": finding.steps,
            "cause": finding.cause,
            "fix": finding.fix,
            "evidence": finding.evidence,
        },
    }
    if places[1:]:
        related = [_physical(*each, root) for each in places[1:]]
        result["relatedLocations"] = related
    return result


def _location(file: str, line: int, finding: Finding, root: Path) -> dict[str, Any]:
    names = [each for each in (finding.optimizer, finding.group) if each]
    found = _physical(file, line, root)
    if names:
        name = {"fullyQualifiedName": "/".join(names), "kind": "object"}
        found["logicalLocations"] = [name]
    return found


def _physical(file: str, line: int, root: Path) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(file, root),
            "region": {"startLine": max(1, line)},
        }
    }


def _artifact(file: str, root: Path) -> dict[str, str]:
    try:
        path = (root / file).relative_to(root)
    except ValueError:
        pure = Path(file)
        return {"uri": pure.as_uri() if pure.is_absolute() else quote(file)}
    return {"uri": quote(path.as_posix()), "uriBaseId": ROOT}


def _fingerprint(finding: Finding, root: Path) -> str:
    """Return what tells a mistake from others in another run of the same program."""
    files = [_artifact(file, root)["uri"] for file, _ in finding.where]
    parts = (finding.code, finding.optimizer, finding.group, *files)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _notices(audit: Audit) -> Iterator[dict[str, Any]]:
    for each in audit.not_applicable:
        yield {
            "descriptor": {"id": "does-not-apply"},
            "associatedRule": {"id": each.code},
            "level": "none",
            "message": {"text": f"{audit.run}: {each.name} {each.reason}"},
        }
