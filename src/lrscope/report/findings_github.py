"""The findings of an audit as annotations of a GitHub workflow.

A line that a step prints in this form is shown beside the line of the source:
``::error file=train.py,line=41,title=LR203 …::message``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import ERROR, INFO, WARNING
from lrscope.report import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.audit.audit import Audit
    from lrscope.audit.finding import Finding

LEVELS = {ERROR: "error", WARNING: "warning", INFO: "notice"}
"""GitHub's words for our severities."""


def as_github(audits: Sequence[Audit]) -> str:
    """Return one line for each finding; what follows from another names it."""
    return "\n".join(_line(each) for audit in audits for each in audit.findings)


def _line(finding: Finding) -> str:
    options = {"title": f"{finding.code} {finding.name}"}
    if finding.where:
        file, line = finding.where[0]
        options = {"file": told.shown(file), "line": str(line), **options}
    end = f"Fix: {told.ended(finding.fix)}"
    if finding.because:
        end = f"This follows from {finding.because}."
    message = told.sentence(finding.message)
    text = f"{message}\nCause: {told.ended(finding.cause)}\n{end}"
    named = ",".join(f"{key}={_escaped(each, ':,')}" for key, each in options.items())
    return f"::{LEVELS[finding.severity]} {named}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for each in f"%\r\n{also}":
        text = text.replace(each, f"%{ord(each):02X}")
    return text
