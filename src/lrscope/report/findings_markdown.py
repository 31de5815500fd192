"""The findings of an audit as Markdown, for the summary of a job or a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrscope.report import told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from lrscope.audit.audit import Audit
    from lrscope.audit.finding import Finding

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def as_markdown(audits: Sequence[Audit]) -> str:
    """Return a section for each run, with a part for each finding."""
    return "\n".join(line for each in audits for line in _section(each))


def _section(audit: Audit) -> Iterator[str]:
    yield f"## lrscope audit: {_code(audit.run)}"
    yield ""
    yield f"**{told.counted(audit)}**"
    yield ""
    crowded = told.crowded(audit)
    for finding, follows in told.causes(audit.findings):
        yield from _finding(finding, follows, crowded)
    yield from _facts(audit)


def _finding(
    finding: Finding, follows: Sequence[Finding], crowded: Collection[int]
) -> Iterator[str]:
    yield f"### {finding.severity}: {finding.code} {_text(finding.name)}"
    yield ""
    about = told.about(finding, crowded)
    if about:
        yield f"{_text(about)}: {_text(told.sentence(finding.message))}"
    else:
        yield _text(told.sentence(finding.message))
    yield ""
    yield f"- **Cause:** {_text(told.ended(finding.cause))}"
    if finding.because:
        yield f"- This follows from {_text(finding.because)}."
    else:
        yield f"- **Fix:** {_text(told.ended(finding.fix))}"
    places = told.places(finding)
    if places:
        yield f"- **Lines:** {', '.join(map(_code, places))}"
    for each in follows:
        message = told.sentence(each.message)
        yield f"- So also {each.code} {_text(each.name)}: {_text(message)}"
    yield ""


def _facts(audit: Audit) -> Iterator[str]:
    ratios = told.facts(audit)
    if ratios:
        columns = ("optimizer", *told.RATIOS, "world_size")
        yield f"| {' | '.join(each.replace('_', ' ') for each in columns)} |"
        yield f"| --- |{' ---: |' * (len(columns) - 1)}"
        for name, numbers in ratios:
            cells = [_text(name), *(str(numbers.get(each, "")) for each in columns[1:])]
            yield f"| {' | '.join(cells)} |"
        yield ""
    for each in audit.ignored:
        reason = f": {_text(each.reason)}" if each.reason else ""
        yield f"- Ignored: {each.finding.code} {_text(each.finding.name)}{reason}"
    if audit.ignored:
        yield ""
    if audit.not_applicable:
        counted = f"{len(audit.tried)} rules tried, {len(audit.not_applicable)} did not"
        yield f"<details><summary>{counted} apply</summary>"
        yield ""
        for skipped in audit.not_applicable:
            reason = _text(skipped.reason)
            yield f"- {skipped.code} {_text(skipped.name)}: {reason}"
        yield ""
        yield "</details>"
        yield ""


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(each) for each in re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"
