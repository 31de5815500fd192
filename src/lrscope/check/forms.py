"""The findings of a check as text, as JSON and as lines for GitHub."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lrscope.audit.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lrscope.check.finding import Checked, StaticFinding

FORMAT = 1
"""Number of the JSON form; history: 1 (0.2.0) first form."""
LEVELS = {Severity.INFO: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}
"""GitHub's words for our severities."""


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
    return json.dumps(plain, indent=2)


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
        mark = "" if each.severity > Severity.INFO else "  (info)"
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
    line = 1 if finding.cell is not None else finding.line
    options = {
        "file": finding.file,
        "line": line,
        "col": finding.column,
        "title": f"{finding.code} {finding.name}",
    }
    told = ",".join(f"{key}={_escaped(str(value))}" for key, value in options.items())
    text = f"{finding.message}; {finding.fix}"
    cell = f"cell {finding.cell}, line {finding.line}: " if finding.cell else ""
    return f"::{LEVELS[finding.severity]} {told}::{_escaped(cell + text, within='')}"


def _escaped(text: str, within: str = ":,") -> str:
    for each in "%\r\n" + within:
        text = text.replace(each, f"%{ord(each):02X}")
    return text
