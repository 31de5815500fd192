"""Ending: how a process ended, and whether it was meant to end there."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.site import site_of, sites_of
from lrscope.audit.facts.source import tree_of
from lrscope.recording.events import ProcessEnded

if TYPE_CHECKING:
    from lrscope.recording.process import Process

SHORTENING = re.compile(
    r"^-{1,2}(?![\w-]*lr)[\w-]*(max|limit|stop|debug|smoke|dry|quick|fast|short|preempt|until|time)",
    re.IGNORECASE,
)
"""Options of a command that ask for less than the whole training."""


@dataclass(frozen=True)
class Ending:
    """How a process ended.

    Attributes:
        process: the process.
        is_last: whether no later segment continues it.
    """

    process: Process
    is_last: bool

    @cached_property
    def exception(self) -> dict[str, Any] | None:
        """What ended it, if an exception did."""
        for each in self.process.history.of(ProcessEnded):
            return each.exception
        return None

    @property
    def error(self) -> str:
        """The class of that exception, such as "ValueError"; "" if there was none."""
        return str((self.exception or {}).get("type", ""))

    @property
    def message(self) -> str:
        """What it said; "" if there was none."""
        return str((self.exception or {}).get("message", ""))

    @property
    def cut_short(self) -> tuple[str, str] | None:
        """Cause and advice where an exception kept a run from its end, else None."""
        if not self.error:
            return None
        return (
            f"{self.error} ended the run before its end",
            "nothing, until a run comes to its end",
        )

    @property
    def in_order(self) -> bool:
        """Whether it ran to its end, killed by nothing."""
        return self.process.ended and self.exception is None

    @property
    def asked_for(self) -> str | None:
        """The option of the command that asks for a short run; None if none does."""
        for word in self.process.command[1:]:
            if word.startswith("-") and SHORTENING.match(word):
                return word
        return None

    @cached_property
    def may_leave_early(self) -> bool:
        """Whether the program has a way out of its loops; true if unknown.

        Read from the source, if that is as it was when the process began: early
        stopping leaves no other trace in a recording.
        """
        history = self.process.history
        by_hand = history.items("rate_written").values()
        sites = [
            site_of(each)
            for kind in ("scheduler_stepped", "pass_began")
            for each in history.items(kind).values()
        ] + [each for item in by_hand for each in sites_of(item)]
        files = {each[0] for each in sites if each}
        trees = [tree_of(each, self.process.started) for each in files]
        return not trees or any(each is None or _leaves_a_loop(each) for each in trees)

    @property
    def by_choice(self) -> bool:
        """Whether a run shorter than its schedule may well be what was wanted."""
        return bool(
            not self.in_order
            or not self.is_last
            or self.asked_for
            or self.may_leave_early
        )


def _leaves_a_loop(tree: ast.Module) -> bool:
    loops = [each for each in ast.walk(tree) if isinstance(each, (ast.For, ast.While))]
    return any(
        isinstance(each, (ast.Break, ast.Return, ast.Raise)) or _exits(each)
        for loop in loops
        for each in ast.walk(loop)
    )


def _exits(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name in {"exit", "_exit", "quit"}
