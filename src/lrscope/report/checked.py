"""The findings of a check as text, as JSON and as lines for GitHub."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lrscope.audit.finding import INFO
from lrscope.report.annotation import annotation
from lrscope.report.findings_json import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lrscope.check.finding import Checked, StaticFinding

FORMAT = 1
"""Number of the JSON form; history: 1 (0.2.0) first form."""


def as_text(checked: Checked) -> str:
    """Return findings as lines that editors can follow."""
    return "\n".join([*_told(checked), _closing(checked)])


def as_json(checked: Checked) -> str:
    """Return findings as JSON with a format number."""
    plain = {
        "format": FORMAT,
        "findings": [_plain(each) for each in checked.findings],
        "ignored": [
            {**_plain(each), "reason": each.ignored} for each in checked.ignored
        ],
        "unreadable": list(checked.unreadable),
        "files": checked.files,
    }
    return written(plain)


def as_github(checked: Checked) -> str:
    """Return findings as annotations of a GitHub workflow."""
    return "\n".join(_annotation(each) for each in checked.findings)


FORMS: dict[str, Callable[[Checked], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
}
"""Forms of output and what writes each."""


def _told(checked: Checked) -> Iterator[str]:
    for each in checked.findings:
        mark = "" if each.severity > INFO else "  (info)"
        yield f"{each.place} {each.code} {each.name}  {each.message}{mark}"
        yield f"    fix: {each.fix}"


def _closing(checked: Checked) -> str:
    count = len(checked.findings)
    found = "no findings" if not count else _counted(count, "finding")
    lines = [f"{found} in {_counted(checked.files, 'file')}"]
    put_aside = Counter((each.code, each.ignored) for each in checked.ignored)
    for (code, reason), number in put_aside.items():
        lines.append(f"ignored: {code}, {_counted(number, 'time')}: {reason}")
    return "\n".join(lines)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _plain(finding: StaticFinding) -> dict[str, Any]:
    plain = asdict(finding)
    where = {key: plain.pop(key) for key in ("file", "line", "column", "cell")}
    del plain["ignored"]
    return {**plain, "severity": str(finding.severity), "where": [where]}


def _annotation(finding: StaticFinding) -> str:
    inside = finding.cell is not None
    cell = f"cell {finding.cell}, line {finding.line}: " if inside else ""
    return annotation(
        finding.severity,
        f"{cell}{finding.message}; {finding.fix}",
        file=finding.file,
        line=1 if inside else finding.line,
        col=finding.column,
        title=f"{finding.code} {finding.name}",
    )
