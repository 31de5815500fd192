"""StaticRule: a mistake that the source alone proves."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable

    from lrscope.audit.finding import Severity
    from lrscope.check.program import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A place where a rule is broken.

    Attributes:
        node: the place in the program.
        message: what is so, a fact.
        fix: what to write instead.
        severity: if it is not the rule's.
    """

    node: ast.AST
    message: str
    fix: str
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticRule:
    """One mistake and how to see it in a program that is not run.

    Attributes:
        code: the code of the audit's rule of the same name, or one of its own.
        name: in words, joined by hyphens; the slug of the catalogue.
        severity: of its findings, unless one says otherwise.
        page: the manual page; the audit's, where it has a rule of this name.
        find: yields the mistakes in a program.
    """

    code: str
    name: str
    severity: Severity
    page: str | None
    find: Callable[[Program], Iterable[Mistake]]

    @property
    def title(self) -> str:
        """The first line of the manual page."""
        return cleandoc(self.page or "").partition("\n")[0]
