"""Verdict: what an audit says of a run that a test has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.audit import audit_run
from lrscope.audit.finding import INFO
from lrscope.audit.rule import FAILED

if TYPE_CHECKING:
    import lrscope
    from lrscope.audit.audit import Audit


def audited(run: lrscope.Run) -> Audit:
    """Return the audit of a run; no rule may have failed on it."""
    audit = audit_run(run)
    assert not [each for each in audit.not_applicable if FAILED in each.reason]
    return audit


def names(audit: Audit) -> set[str]:
    """Return the names of all findings."""
    return {each.name for each in audit.findings}


def loud(audit: Audit) -> set[str]:
    """Return the names of those that are more than information."""
    return {each.name for each in audit.findings if each.severity > INFO}


def silent(audit: Audit) -> set[str]:
    """Return the names of rules that could not judge the run."""
    return {each.name for each in audit.not_applicable}
