"""check_files: everything that the source alone proves to be wrong."""

from __future__ import annotations

import ast
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lrscope.check.comment import ignores_in, is_rule
from lrscope.check.finding import Checked, StaticFinding
from lrscope.check.program import Program
from lrscope.check.rules import STATIC_RULES
from lrscope.check.source import Source, Unreadable, read_source
from lrscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lrscope.check.rule import Mistake, StaticRule

SKIPPED = frozenset({"build", "dist", "node_modules", "site-packages", "__pycache__"})
"""Folders that hold no source of the project; hidden ones are skipped as well."""
ENDINGS = (".py", ".ipynb")


def check_files(
    paths: Sequence[Path],
    *,
    select: Sequence[str] = (),
    ignore: Mapping[str, str] | None = None,
) -> Checked:
    """Read files and name the mistakes in them that are certain without running them.

    Args:
        paths: files, and folders in which all ``.py`` and ``.ipynb`` files are read.
        select: codes or names of the only rules to try; by default all.
        ignore: rules that are not reported, by code or name, each with the reason.

    Raises:
        UsageError: a rule or a path does not exist, or the folders hold no such file.

    Example:
        >>> check_files([Path("train.py")]).findings  # doctest: +SKIP
        ()
    """
    rules = _selected(select)
    put_aside = dict(ignore or {})
    for each in put_aside:
        if not is_rule(each):
            raise UsageError(_no_rule(each))
    findings: list[StaticFinding] = []
    unreadable: list[str] = []
    misconfigured: list[str] = []
    count = 0
    for path in files_in(paths):
        source = read_source(path)
        if isinstance(source, Unreadable):
            unreadable.append(f"{source.path} {source.reason}")
            continue
        count += 1
        found, wrong = check_source(source, rules)
        findings += (_aside(each, put_aside) for each in found)
        misconfigured += wrong
    if not count and not unreadable:
        msg = "expected files of Python or notebooks, found none in "
        msg += ", ".join(map(str, paths))
        raise UsageError(msg)
    return Checked(
        findings=tuple(each for each in findings if each.ignored is None),
        ignored=tuple(each for each in findings if each.ignored is not None),
        unreadable=tuple(unreadable),
        misconfigured=tuple(misconfigured),
        files=count,
    )


def check_source(
    source: Source, rules: Iterable[StaticRule] = STATIC_RULES
) -> tuple[list[StaticFinding], list[str]]:
    """Return what is wrong in one file, and what is wrong with its comments."""
    ignores, wrong = ignores_in(source)
    if not source.is_about_training:
        return [], wrong
    program = Program(source)
    if not program.is_clear:
        return [], wrong
    found = []
    for rule in rules:
        for mistake in rule.find(program):
            if _is_expected(program, mistake.node):
                continue
            finding = _finding(rule, mistake, source)
            lines = _lines(program, mistake.node)
            reasons = [
                each.reason
                for each in ignores
                if each.line in lines and each.rule in (rule.code, rule.name)
            ]
            found.append(replace(finding, ignored=reasons[0] if reasons else None))
    found.sort(key=lambda each: (each.cell or 0, each.line, each.column, each.code))
    return found, wrong


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files, and those in folders by name, each once.

    Raises:
        UsageError: a path does not exist.
    """
    seen = set()
    for path in paths:
        if not path.exists():
            msg = f"{path} does not exist; name files or folders of Python"
            raise UsageError(msg)
        for each in _walked(path) if path.is_dir() else (path,):
            if each not in seen:
                seen.add(each)
                yield each


def _walked(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".")
            and each not in SKIPPED
            and not Path(place, each, "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            if name.endswith(ENDINGS) and not name.startswith("."):
                yield Path(place, name)


def _selected(select: Sequence[str]) -> list[StaticRule]:
    for each in select:
        if not is_rule(each):
            raise UsageError(_no_rule(each))
    return [
        rule
        for rule in STATIC_RULES
        if not select or rule.code in select or rule.name in select
    ]


def _no_rule(written: str) -> str:
    return f"there is no rule {written!r}; lrscope rules lists them all"


def _aside(finding: StaticFinding, ignore: Mapping[str, str]) -> StaticFinding:
    reason = ignore.get(finding.code) or ignore.get(finding.name)
    return replace(finding, ignored=finding.ignored or reason)


def _finding(rule: StaticRule, mistake: Mistake, source: Source) -> StaticFinding:
    cell, line = source.place(mistake.node.lineno)  # type: ignore[attr-defined]
    return StaticFinding(
        code=rule.code,
        name=rule.name,
        severity=mistake.severity or rule.severity,
        message=mistake.message,
        fix=mistake.fix,
        file=source.path,
        line=line,
        column=mistake.node.col_offset + 1,  # type: ignore[attr-defined]
        cell=cell,
    )


def _lines(program: Program, node: ast.AST) -> range:
    """Return the lines of a statement, and the one above it."""
    statement = program.tree.statement(node)
    if isinstance(statement, (ast.If, ast.For, ast.While, ast.With, ast.Try)):
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
    else:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
    return range(first - 1, last + 1)


def _is_expected(program: Program, node: ast.AST) -> bool:
    """Say whether a test expects the mistake: it stands in ``pytest.raises`` or so."""
    return any(
        isinstance(each, (ast.With, ast.AsyncWith))
        and any(
            word in ast.unparse(item.context_expr).lower()
            for item in each.items
            for word in ("raises", "warns", "suppress")
        )
        for each in program.tree.ancestors(node)
    )
