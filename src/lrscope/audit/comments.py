"""Comments: ``# lrscope: ignore[LR101] why`` in a program, and what they put aside."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrscope.audit.finding import Finding

COMMENT = re.compile(r"#\s*lrscope:\s*ignore(?:\[([^\]]*)\])?[\s:]*(.*)")
LARGEST = 4_000_000
"""Bytes above which a file is not looked into: no program is as long as that."""


def comments_in(text: str) -> dict[int, str]:
    """Return the comments of a program that name lrscope, by line."""
    found = {}
    if "lrscope:" in text:
        try:
            for each in tokenize.generate_tokens(io.StringIO(text).readline):
                if each.type == tokenize.COMMENT and "lrscope:" in each.string:
                    found[each.start[0]] = each.string
        except (tokenize.TokenError, SyntaxError, UnicodeError):  # as far as it went
            pass
    return found


def rules_and_reason(comment: str) -> tuple[list[str], str] | None:
    """Return which rules a comment ignores, as written, and why; None if it does not.

    Example:
        >>> rules_and_reason("# lrscope: ignore[LR203] a swing is wanted")
        (['LR203'], 'a swing is wanted')
    """
    written = COMMENT.search(comment)
    if written is None:
        return None
    rules = [each.strip() for each in (written[1] or "").split(",")]
    return [each for each in rules if each], written[2].strip()


class Comments:
    """What the comments beside the lines of findings put aside; each file read once.

    The files are read as they are now: a comment that was written after the run counts
    as well, if it stands where the recorded line was. What cannot be read says nothing.
    """

    def __init__(self) -> None:
        """Read nothing yet."""
        self._files: dict[str, _Commented] = {}

    def reason(self, finding: Finding) -> str | None:
        """Return why a finding is put aside; None if it is not."""
        for file, line in finding.where:
            if file not in self._files:
                self._files[file] = _Commented(_text_of(file))
            found = self._files[file].reason(line, {finding.code, finding.name})
            if found:
                return found
        return None


class _Commented:
    """One file with its comments."""

    def __init__(self, text: str) -> None:
        found = comments_in(text)
        self._said = {
            line: said
            for line, each in found.items()
            if (said := rules_and_reason(each)) is not None
        }
        self._tree = _tree_of(text) if self._said else None

    def reason(self, line: int, names: set[str]) -> str | None:
        """Return what a comment on the statement at a line, or above it, gives."""
        first, last = self._statement(line) if self._said else (line, line)
        for number in range(first - 1, last + 1):
            rules, reason = self._said.get(number, ((), ""))
            if reason and not names.isdisjoint(rules):
                return reason
        return None

    def _statement(self, line: int) -> tuple[int, int]:
        """Return the lines of the simple statement that holds a line."""
        for each in ast.walk(self._tree) if self._tree else ():
            if isinstance(each, ast.stmt) and not hasattr(each, "body"):
                last = each.end_lineno or each.lineno
                if each.lineno <= line <= last:
                    return each.lineno, last
        return line, line


def _text_of(file: str) -> str:
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        with tokenize.open(path) as opened:
            return opened.read()
    except (OSError, SyntaxError, ValueError):
        return ""


def _tree_of(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of "\d" is not ours
            return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
