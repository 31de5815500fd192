"""The findings of an audit as annotations of a GitHub workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.report import told
from lrscope.report.annotation import annotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.audit.audit import Audit
    from lrscope.audit.finding import Finding


def as_github(audits: Sequence[Audit]) -> str:
    """Return one line for each finding; what follows from another names it."""
    return "\n".join(_line(each) for audit in audits for each in audit.findings)


def _line(finding: Finding) -> str:
    place: dict[str, str | int] = {}
    if finding.where:
        file, line = finding.where[0]
        place = {"file": told.shown(file), "line": line}
    title = f"{finding.code} {finding.name}"
    text = "\n".join(told.paragraphs(finding))
    return annotation(finding.severity, text, **place, title=title)
