"""Finding: one thing that an audit says about a run, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Severity(IntEnum):
    """How sure it is that something is a mistake; compares by weight."""

    INFO = 1
    """True and worth knowing, often intended."""
    WARNING = 2
    """Very likely a mistake."""
    ERROR = 3
    """The training was surely not what anyone wants."""

    def __str__(self) -> str:
        """Return the word that is shown: "info", "warning" or "error"."""
        return self.name.lower()


INFO, WARNING, ERROR = Severity

Whose = tuple[int, "int | None", "int | None", "str | None"]
"""Segment, rank, process and optimizer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule found in one place.

    Attributes:
        code: of the rule, such as "LR203".
        name: of the rule, such as "cosine-past-T_max-climbs-back".
        severity: how sure it is that this is a mistake.
        message: what happened, a fact.
        cause: what made it happen, as far as the recording shows.
        fix: what to change.
        optimizer: name of the optimizer it is about; None if it is about none.
        group: name of the group; None if it is about all groups.
        steps: first and last update it is about, counted from 0; None if all.
        where: file and line of the calls to look at.
        evidence: numbers that prove it, plain data.
        segment: the segment of the run, from 0.
        rank: the rank that was judged; None if there was one process.
        pid: of the process that was judged; None if it is about no single one.
        because: name of the rule that explains this; it then is a consequence.
    """

    code: str
    name: str
    severity: Severity
    message: str
    cause: str
    fix: str
    optimizer: str | None = None
    group: str | None = None
    steps: tuple[int, int] | None = None
    where: tuple[tuple[str, int], ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    segment: int = 0
    rank: int | None = None
    pid: int | None = None
    because: str | None = None

    @property
    def whose(self) -> Whose:
        """What it is about; findings about the same may explain each other."""
        return self.segment, self.rank, self.pid, self.optimizer
