"""Annotation: a line that GitHub shows beside the source when a workflow prints it.

``::error file=train.py,line=41,title=LR203 …::message``
"""

from __future__ import annotations

from lrscope.audit.finding import ERROR, INFO, WARNING, Severity

LEVELS = {ERROR: "error", WARNING: "warning", INFO: "notice"}
"""GitHub's words for our severities."""


def annotation(severity: Severity, text: str, **options: str | int) -> str:
    """Return one annotation; GitHub knows the options file, line, col and title."""
    named = ",".join(f"{k}={_escaped(str(v), ':,')}" for k, v in options.items())
    return f"::{LEVELS[severity]} {named}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for each in f"%\r\n{also}":
        text = text.replace(each, f"%{ord(each):02X}")
    return text
