"""The findings of an audit as text for a terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from lrscope.audit.finding import ERROR, INFO, WARNING
from lrscope.report import told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from lrscope.audit.audit import Audit
    from lrscope.audit.finding import Finding, Severity

STYLES = {ERROR: "bold red", WARNING: "bold yellow", INFO: "bold cyan"}
"""How a severity looks on a terminal."""

MOST = 3
"""Groups that a finding names; of more it says how many there are."""

MOST_OF = {ERROR: 10, WARNING: 10, INFO: 5}
"""Findings of one rule that are shown; of more it says how many there are."""

MOST_OPTIMIZERS = 8
"""Optimizers whose calls are counted below the findings."""

NARROWEST = 40
"""Columns below which lines are left as they are."""


def as_text(audits: Sequence[Audit]) -> str:
    """Return audits as text: each finding with its cause and its fix."""
    return "\n".join(line.plain for line in lines_of(audits))


def lines_of(audits: Sequence[Audit], width: int | None = None) -> list[Text]:
    """Return the same as lines with styles, for a terminal.

    Args:
        audits: what to tell.
        width: columns of the terminal; by default lines are not broken.
    """
    return [line for each in audits for line in _lines(each, width)]


def finding_lines(
    finding: Finding,
    follows: Sequence[Finding] = (),
    width: int | None = None,
    alike: Sequence[Finding] = (),
    crowded: Collection[int] = (),
) -> Iterator[Text]:
    """Yield the lines about one finding and what follows from it.

    Args:
        finding: to tell.
        follows: what follows from it.
        width: columns of the terminal; by default lines are not broken.
        alike: others that say the same of other groups.
        crowded: segments in which several processes are told apart by their pid.
    """
    style = STYLES[finding.severity]
    whose = list(dict.fromkeys(told.about(e, crowded) for e in (finding, *alike)))
    more = f" and {len(whose) - MOST} more" if len(whose) > MOST else ""
    yield Text.assemble(
        (f"{finding.code} {finding.name}", "bold"),
        "   ",
        (str(finding.severity), style),
        "   ",
        "; ".join(whose[:MOST]) + more,
    )
    yield from _filled(told.sentence(finding.message), "  ", width)
    cause = finding.because
    because = f"{finding.cause}, which follows from {cause}" if cause else finding.cause
    yield from _filled(f"Cause: {told.ended(because)}", "  ", width)
    if not cause:
        yield from _filled(f"Fix: {told.ended(finding.fix)}", "  ", width, "green")
    where = ", ".join(told.places(finding))
    if where:
        yield Text.assemble("  Lines: ", (where, "bold"))
    for line, times in Counter(map(_so_also, follows)).items():
        often = f" ({times} times)" if times > 1 else ""
        yield from _filled(f"{line}{often}", "    ", width, "dim")


def _so_also(finding: Finding) -> str:
    return f"so also {finding.code} {finding.name}: {told.sentence(finding.message)}"


def _lines(audit: Audit, width: int | None) -> Iterator[Text]:
    shown: Counter[tuple[str, Severity]] = Counter()
    left_out: Counter[str] = Counter()
    crowded = told.crowded(audit)
    for finding, follows, alike in told.once(told.causes(audit.findings)):
        shown[finding.name, finding.severity] += 1
        if shown[finding.name, finding.severity] > MOST_OF[finding.severity]:
            left_out[f"{finding.code} {finding.name}"] += 1 + len(alike)
            continue
        yield from finding_lines(finding, follows, width, alike, crowded)
        yield Text()
    for rule, number in left_out.items():
        more = f"and {number:,} more of {rule}; --format json has them all"
        yield from _filled(more, "", width, "dim")
        yield Text()
    style = STYLES[max((e.severity for e in audit.findings), default=INFO)]
    counted = told.counted(audit)
    yield Text.assemble((audit.run, "bold"), ": ", (counted, style))
    for line in _facts(audit):
        yield from _filled(line, "  ", width, "dim")


def _facts(audit: Audit) -> Iterator[str]:
    facts = told.facts(audit)
    for name, ratios in facts[:MOST_OPTIMIZERS]:
        numbers = " : ".join(str(ratios[each]) for each in told.RATIOS)
        kinds = " : ".join(each.replace("_", " ") for each in told.RATIOS)
        world = ratios.get("world_size", 1)
        ranks = f", {world} processes" if world > 1 else ""
        yield f"{name}: {numbers}  ({kinds}){ranks}"
    if len(facts) > MOST_OPTIMIZERS:
        yield f"and {len(facts) - MOST_OPTIMIZERS:,} more optimizers"
    put_aside = Counter((e.finding.code, e.reason) for e in audit.ignored)
    for (code, reason), number in put_aside.items():
        yield f"ignored: {code}, {number}×" + (f": {reason}" if reason else "")
    tried, skipped = len(audit.tried), len(audit.not_applicable)
    rules = f"{tried} rule{'s' * (tried != 1)} tried"
    why = f", {skipped} did not apply; --format json says why" if skipped else ""
    yield f"{rules}{why}"


def _filled(
    text: str, indent: str, width: int | None, style: str = ""
) -> Iterator[Text]:
    """Yield a paragraph, later lines indented more; its first word has the style."""
    lines = [f"{indent}{text}"]
    if width is not None and width >= NARROWEST:
        lines = textwrap.wrap(
            text,
            width,
            initial_indent=indent,
            subsequent_indent=f"{indent}  ",
            break_on_hyphens=False,
            break_long_words=False,
        )
    for number, line in enumerate(lines):
        shown = Text(line)
        if style == "dim":
            shown.stylize(style)
        elif style and number == 0:
            shown.stylize(style, len(indent), len(indent) + text.find(" "))
        yield shown
