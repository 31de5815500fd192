"""Told: the parts of a finding in words, the same in every form of output."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrscope.audit.finding import INFO

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from lrscope.audit.audit import Audit
    from lrscope.audit.finding import Finding, Severity

RATIOS = ("updates", "scheduler_steps", "backward_calls", "passes")
"""What is told of an optimizer beside the number of processes, in this order."""


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop; names keep their small letter."""
    word = text.partition(" ")[0]
    plain = word.isalpha() and word.islower()
    return ended(text[:1].upper() + text[1:] if plain else text)


def ended(text: str) -> str:
    """Return a text on one line, with a full stop."""
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def paragraphs(finding: Finding) -> tuple[str, str, str]:
    """Return what happened, its cause, and the fix or what explains it."""
    cause = f"Cause: {ended(finding.cause)}"
    end = f"Fix: {ended(finding.fix)}"
    if finding.because:
        end = f"This follows from {finding.because}."
    return sentence(finding.message), cause, end


def about(finding: Finding, crowded: Collection[int] = ()) -> str:
    """Return what a finding is about: optimizer, group, steps, segment, rank, process.

    Args:
        finding: it.
        crowded: segments in which several processes are told apart by their pid.
    """
    parts = [each for each in (finding.optimizer, finding.group) if each]
    told = ["/".join(parts)] if parts else []
    if finding.steps:
        first, last = finding.steps
        told.append(f"steps {first}–{last}" if last != first else f"step {first}")
    if finding.segment:
        told.append(f"segment {finding.segment}")
    if finding.rank:
        told.append(f"rank {finding.rank}")
    elif finding.pid and finding.segment in crowded:
        told.append(f"pid {finding.pid}")
    return ", ".join(told)


def shown(file: str) -> str:
    """Return a path as one types it here: relative if it is below this folder."""
    try:
        return Path(file).relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return file


def places(finding: Finding, most: int = 3) -> list[str]:
    """Return the lines to look at, such as "train.py:41"."""
    return [f"{shown(file)}:{line}" for file, line in finding.where[:most]]


def counted(audit: Audit) -> str:
    """Return how many findings there are of each severity, in words."""
    numbers: Counter[Severity] = Counter(each.severity for each in audit.findings)
    told = [
        f"{number} {each}{'s' * (number != 1 and each > INFO)}"
        for each, number in sorted(numbers.items(), reverse=True)
    ]
    updates = [ratios["updates"] for _, ratios in facts(audit)]
    if updates and not (told or any(updates)):
        return "no update was recorded, so there is nothing to judge"
    return ", ".join(told) or "no findings"


def causes(findings: Sequence[Finding]) -> list[tuple[Finding, list[Finding]]]:
    """Return findings that stand by themselves, each with what follows from it."""
    first: dict[tuple[Any, ...], Finding] = {}
    for each in findings:
        first.setdefault(_key(each, each.name), each)
    found: list[tuple[Finding, list[Finding]]] = []
    following: dict[int, list[Finding]] = {}
    for each in findings:
        origin = _origin(each, first)
        if origin is each:
            found.append((each, following.setdefault(id(each), [])))
        else:
            following.setdefault(id(origin), []).append(each)
    return found


def once(
    found: Iterable[tuple[Finding, list[Finding]]],
) -> list[tuple[Finding, list[Finding], list[Finding]]]:
    """Return `causes` with those that say the same of other groups put together.

    Returns:
        findings, each with what follows from it, and the others that are alike.
    """
    told: dict[Any, tuple[Finding, list[Finding], list[Finding]]] = {}
    for finding, follows in found:
        also = tuple((each.name, each.message) for each in follows)
        says = finding.name, finding.severity, *paragraphs(finding), finding.where, also
        first = told.setdefault(says, (finding, follows, []))
        if first[0] is not finding:
            first[2].append(finding)
    return list(told.values())


def _origin(finding: Finding, first: dict[tuple[Any, ...], Finding]) -> Finding:
    """Return the finding at the beginning of what explains another."""
    origin = finding
    for _ in first:
        cause = first.get(_key(origin, origin.because))
        if origin.because is None or cause is None:
            return origin
        origin = cause
    return finding


def _key(finding: Finding, name: str | None) -> tuple[Any, ...]:
    return finding.whose, name


def crowded(audit: Audit) -> set[int]:
    """Return the segments in which several processes were judged, each by itself."""
    trainings = audit.facts.get("trainings", ())
    counted = Counter(each["segment"] for each in trainings)
    return {segment for segment, number in counted.items() if number > 1}


def facts(audit: Audit) -> list[tuple[str, dict[str, int]]]:
    """Return the ratios of each optimizer, by a name that tells it from others."""
    trainings = audit.facts.get("trainings", ())
    segments, several = {each["segment"] for each in trainings}, crowded(audit)
    found = []
    for each in trainings:
        whose = f", segment {each['segment']}" if len(segments) > 1 else ""
        if each["segment"] in several:
            whose += f", pid {each['pid']}"
        for name, ratios in each["optimizers"].items():
            found.append((f"{name}{whose}", ratios))
    return found
