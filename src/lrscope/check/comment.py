"""Comments: ``# lrscope: ignore[LR101] reason`` on a line or on the line above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.audit.comments import rules_and_reason
from lrscope.check.rules import STATIC_RULES

if TYPE_CHECKING:
    from lrscope.check.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A rule that a comment turns off in one place.

    Attributes:
        line: of the comment.
        rule: code or name.
        reason: why.
    """

    line: int
    rule: str
    reason: str


def ignores_in(source: Source) -> tuple[list[Ignore], list[str]]:
    """Return what the comments of a file ignore, and what is wrong with them."""
    found: list[Ignore] = []
    wrong: list[str] = []
    for line, comment in source.comments.items():
        said = rules_and_reason(comment)
        if said is None:
            continue
        rules, reason = said
        cell, number = source.place(line)
        where = f"{source.path}:{f'cell {cell}:' if cell else ''}{number}"
        if not rules:
            wrong.append(f"{where} ignore needs a rule: # lrscope: ignore[LR101] why")
        elif not reason:
            needed = f"# lrscope: ignore[{', '.join(rules)}] why"
            wrong.append(f"{where} ignore needs a reason: {needed}")
        for rule in rules:
            if not is_rule(rule):
                wrong.append(f"{where} there is no rule {rule!r}; see: lrscope rules")
            elif reason:
                found.append(Ignore(line=line, rule=rule, reason=reason))
    return found, wrong


def is_rule(written: str) -> bool:
    """Say whether a code or a name is that of a rule, of the check or of the audit."""
    if any(written in (each.code, each.name) for each in STATIC_RULES):
        return True
    from lrscope.audit.rules import RULES  # takes NumPy, and is seldom needed

    return any(written in (each.code, each.name) for each in RULES)
