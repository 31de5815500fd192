"""StaticFinding: one thing that is wrong in a file, and what was put aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrscope.audit.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFinding:
    """One mistake in the source.

    Attributes:
        code: of the rule, such as "LR606".
        name: of the rule, such as "get_lr-used-for-reading".
        severity: how sure it is that this is a mistake.
        message: what is so, a fact.
        fix: what to write instead.
        file: as it was given on the command line.
        line: from 1; in the cell, if it is a notebook's.
        column: from 1.
        cell: of a notebook, from 1.
        ignored: the reason why it is not to be reported; None if it is.
    """

    code: str
    name: str
    severity: Severity
    message: str
    fix: str
    file: str
    line: int
    column: int
    cell: int | None = None
    ignored: str | None = None

    @property
    def place(self) -> str:
        """File, line and column, as editors read them."""
        cell = f"cell {self.cell}:" if self.cell is not None else ""
        return f"{self.file}:{cell}{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is known after all files were read.

    Attributes:
        findings: what is wrong, by file and line.
        ignored: what is not reported, with the reasons.
        unreadable: files that could not be judged, and why.
        misconfigured: comments that ignore nothing, and why.
        files: how many files were judged.
    """

    findings: tuple[StaticFinding, ...]
    ignored: tuple[StaticFinding, ...]
    unreadable: tuple[str, ...]
    misconfigured: tuple[str, ...]
    files: int
