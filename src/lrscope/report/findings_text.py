"""The findings of an audit as text for a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lrscope.audit.audit import Audit
    from lrscope.audit.finding import Finding


def as_text(audits: Sequence[Audit]) -> str:
    """Return audits as text: each finding with its cause and its fix."""
    lines = []
    for audit in audits:
        lines += [line for each in audit.findings for line in _told(each)]
        lines.append(_closing(audit))
    return "\n".join(lines)


def _told(finding: Finding) -> Iterator[str]:
    about = _about(finding)
    yield f"{finding.code} {finding.name}   {finding.severity}   {about}".rstrip()
    yield f"  {finding.message}."
    places = ", ".join(_place(*each) for each in finding.where[:3])
    yield f"  Cause: {finding.cause}" + (f" ({places})." if places else ".")
    if finding.because:
        yield f"  This follows from {finding.because}."
    else:
        yield f"  Fix: {finding.fix}."
    yield ""


def _about(finding: Finding) -> str:
    parts = [each for each in (finding.optimizer, finding.group) if each]
    told = ["/".join(parts)] if parts else []
    if finding.steps:
        first, last = finding.steps
        told.append(f"steps {first}–{last}" if last != first else f"step {first}")
    if finding.segment:
        told.append(f"segment {finding.segment}")
    return ", ".join(told)


def _place(file: str, line: int) -> str:
    return f"{Path(file).name}:{line}"


def _closing(audit: Audit) -> str:
    count = len(audit.findings)
    skipped = len(audit.not_applicable)
    found = "no findings" if not count else f"{count} finding{'s' * (count > 1)}"
    also = f"; {skipped} rules did not apply" if skipped else ""
    return f"{audit.run}: {found}{also}"
