"""Audit: everything that the rules find in a run."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.case import Case
from lrscope.audit.comments import Comments
from lrscope.audit.finding import INFO, Finding
from lrscope.audit.plan import Plan
from lrscope.audit.rule import DoesNotApply, Rule
from lrscope.audit.rules import RULES
from lrscope.errors import UsageError
from lrscope.recording.run import Run, read_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrscope.audit.finding import Whose
    from lrscope.schedules import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A finding that nobody wants to hear of, and why.

    Attributes:
        finding: what was found.
        reason: why; "" if none was given.
        in_source: whether a comment in the program says so.
    """

    finding: Finding
    reason: str
    in_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """All results of a run.

    Attributes:
        run: directory of the run.
        findings: the most severe first, then by step.
        ignored: findings that were to be ignored, in the same order.
        tried: codes of the rules that were tried; one without a finding holds.
        not_applicable: rules that could not be tried, and why.
        facts: what was counted, plain data.
    """

    run: str
    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...]
    tried: tuple[str, ...]
    not_applicable: tuple[DoesNotApply, ...]
    facts: dict[str, Any]


def audit_run(
    run: Run | str | os.PathLike[str],
    *,
    plan: Plan | Schedule | str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] | Mapping[str, str] = (),
) -> Audit:
    """Judge a run: name the mistakes in it, their causes and the lines to change.

    Args:
        run: what `read_run` returned, or the directory that it reads.
        plan: what its rates were meant to be, if that is known: a schedule or its
            text, counted in updates; see `Plan`.
        select: codes or names of the only rules to try; by default all. What follows
            from the finding of another rule is judged by itself then.
        ignore: codes or names of rules whose findings are put aside, or these with
            the reason of each. A comment ``# lrscope: ignore[LR203] why`` on a line
            that a finding names, or above it, puts that finding aside as well.

    Raises:
        UsageError: a rule is named that does not exist, or the plan fits no group.
        NotARun: there is no run in the directory; and what else `read_run` raises.

    Example:
        >>> found = lrscope.audit_run(lrscope.read_run("run"))  # doctest: +SKIP
        >>> [each.name for each in found.findings]  # doctest: +SKIP
        ['cosine-past-T_max-climbs-back']
    """
    if isinstance(run, (str, os.PathLike)):
        run = read_run(run)
    chosen = {rule_called(each).code for each in select} or {r.code for r in RULES}
    told = ignore if isinstance(ignore, Mapping) else dict.fromkeys(ignore, "")
    reasons = {rule_called(each).code: reason for each, reason in told.items()}
    case = Case(run, None if plan is None else Plan.of(plan))
    if case.plan is not None:
        _ = case.planned  # a plan that cannot be read is the user's matter, no rule's
    findings: list[Finding] = []
    not_applicable: list[DoesNotApply] = []
    tried: list[str] = []
    for rule in RULES:
        with np.errstate(all="ignore"):  # rates may be infinite or no numbers
            checked = rule.check(case)
        if isinstance(checked, DoesNotApply):
            not_applicable.append(checked)
        else:
            findings += checked
            tried.append(rule.code)
    selected = _explained([each for each in findings if each.code in chosen])
    selected.sort(key=_weight)
    wanted = chosen - set(reasons)
    heard = [each for each in selected if each.code in wanted]
    comments = Comments()
    said = {id(each): comments.reason(each) for each in heard}
    return Audit(
        run=str(run.path),
        findings=tuple(each for each in heard if said[id(each)] is None),
        ignored=tuple(
            Ignored(finding=each, reason=reasons[each.code])
            if each.code in reasons
            else Ignored(finding=each, reason=said[id(each)] or "", in_source=True)
            for each in selected
            if each.code in reasons or said[id(each)] is not None
        ),
        tried=tuple(each for each in tried if each in wanted),
        not_applicable=tuple(each for each in not_applicable if each.code in wanted),
        facts=case.facts(),
    )


def rule_called(name: str) -> Rule:
    """Return the rule with a code or a name.

    Raises:
        UsageError: there is none.
    """
    for rule in RULES:
        if name.upper() == rule.code or name == rule.name:
            return rule
    msg = f"there is no rule {name!r}; lrscope rules lists them all"
    raise UsageError(msg)


def _explained(findings: list[Finding]) -> list[Finding]:
    """Turn what follows from another finding into information."""
    explains = {rule.name: rule.explains for rule in RULES}
    causes: defaultdict[tuple[Whose, str], list[str]] = defaultdict(list)
    for each in findings:
        if each.severity > INFO:
            for name in explains[each.name]:
                causes[each.whose, name].append(each.name)
    explained = []
    for each in findings:
        found = causes[each.whose, each.name]
        if found:
            explained.append(replace(each, severity=INFO, because=found[0]))
        else:
            explained.append(each)
    return explained


def _weight(finding: Finding) -> tuple[int, int, int, str]:
    first = finding.steps[0] if finding.steps else 0
    return (-finding.severity, finding.segment, first, finding.code)
