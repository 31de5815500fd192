"""The findings of an audit as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.audit.audit import Audit
    from lrscope.audit.finding import Finding

FORMAT = 1
"""Number of the form; history: 1 (0.2.0) first form."""


def as_json(audits: Sequence[Audit]) -> str:
    """Return an audit as JSON, of several a list; NaN and infinities as null."""
    plain = [_plain(each) for each in audits]
    return written(plain[0] if len(plain) == 1 else plain)


def written(plain: Any) -> str:
    """Return plain data as JSON that any reader takes; NaN and infinities as null."""
    return json.dumps(_finite(plain), indent=2, allow_nan=False)


def _plain(audit: Audit) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "run": audit.run,
        "findings": [_finding(each) for each in audit.findings],
        "ignored": [
            {**_finding(each.finding), "reason": each.reason} for each in audit.ignored
        ],
        "tried": list(audit.tried),
        "not_applicable": [asdict(each) for each in audit.not_applicable],
        "facts": audit.facts,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    where = [{"file": file, "line": line} for file, line in finding.where]
    severity = str(finding.severity)
    return {**asdict(finding), "severity": severity, "where": where}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
