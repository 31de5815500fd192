"""Rule: one mistake that an audit looks for, with its manual page."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from lrscope.audit.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lrscope.audit.case import Case
    from lrscope.audit.facts.site import Sites
    from lrscope.audit.facts.subject import Subject


FAILED = "the rule failed on this recording, which is a mistake of lrscope"
"""Beginning of the reason of a rule that could not be tried for want of care."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoesNotApply:
    """A rule could not be tried, and why."""

    code: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One mistake and how to see it.

    Attributes:
        code: "LR", the number of the family, two digits.
        name: in words, joined by hyphens; the slug of the catalogue.
        severity: of its findings, unless one says otherwise.
        page: the manual page.
        needs: what must have been recorded for the rule to apply.
        subjects: picks from a case what the rule can judge; none: it does not apply.
        judge: yields the findings about one subject; none: it passes.
        explains: names of rules whose findings follow from this one's.
    """

    code: str
    name: str
    severity: Severity
    page: str | None
    needs: str
    subjects: Callable[[Case], Iterable[Any]]
    judge: Callable[[Any], Iterable[Finding]]
    explains: tuple[str, ...] = ()

    def check(self, case: Case) -> tuple[Finding, ...] | DoesNotApply:
        """Return what is found in a case, or why that cannot be said."""
        try:
            subjects = list(self.subjects(case))
            if subjects:
                return tuple(found for each in subjects for found in self.judge(each))
            reason = f"needs {self.needs}"
        except Exception as error:  # noqa: BLE001 - the other rules are worth having
            reason = f"{FAILED}: {type(error).__name__}: {error}"
        return DoesNotApply(code=self.code, name=self.name, reason=reason)

    def found(  # noqa: PLR0913 - a finding says many things
        self,
        subject: Subject,
        message: str,
        *,
        cause: str,
        fix: str,
        severity: Severity | None = None,
        steps: tuple[int, int] | None = None,
        where: Sites | None = None,
        evidence: dict[str, Any] | None = None,
    ) -> Finding:
        """Return a finding about a subject; its ratios become evidence."""
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            message=message,
            cause=cause,
            fix=fix,
            optimizer=subject.optimizer_name,
            group=subject.group_name,
            steps=steps,
            where=subject.where if where is None else where,
            evidence={**(evidence or {}), "ratios": subject.ratios},
            segment=subject.training.segment,
            rank=subject.training.rank,
            pid=subject.training.process.pid,
        )

    @property
    def title(self) -> str:
        """The first line of the manual page."""
        return cleandoc(self.page or "").partition("\n")[0]
