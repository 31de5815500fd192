"""Testing: a pytest fixture that fails a test whose training has findings.

pytest finds it by itself where lrscope is installed::

    def test_the_learning_rates_are_right(lr_audit):
        with lr_audit():
            train(epochs=2)
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from unittest.mock import patch

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from lrscope.recording.run import Run


class LrAudit(Protocol):
    """What the fixture `lr_audit` gives."""

    def __call__(
        self,
        *,
        ignore: Iterable[str] | Mapping[str, str] = (),
        select: Iterable[str] = (),
        fail_on: str = "warning",
    ) -> AbstractContextManager[Path]:
        """Record the block and fail the test if an audit finds something in it.

        Args:
            ignore: codes or names of rules that do not count, or these with the
                reason of each. What ``pyproject.toml`` ignores does not count either.
            select: codes or names of the only rules to try; by default all.
            fail_on: "warning" or "error", the least severity that fails the test.

        Returns:
            what to put behind ``with``; it gives the directory of the run.
        """


@pytest.fixture
def lr_audit(tmp_path_factory: pytest.TempPathFactory) -> LrAudit:
    """Assert that the learning rates of a short training are right.

    ``with lr_audit(): train()`` fails with what ``lrscope audit`` would print. A
    training that is much shorter than its schedule is one of the findings: give the
    schedule the length of the test, or ``ignore={"LR201": "a short try"}``.
    """

    @contextmanager
    def audited(
        *,
        ignore: Iterable[str] | Mapping[str, str] = (),
        select: Iterable[str] = (),
        fail_on: str = "warning",
    ) -> Iterator[Path]:
        from lrscope.capture.record import record

        path = tmp_path_factory.mktemp("lrscope") / "run"
        recording = record(path)
        with patch.object(sys, "argv", ["pytest"]):  # its options ask for no short run
            recording.__enter__()
        try:
            yield path
        except BaseException as error:
            recording.__exit__(type(error), error, error.__traceback__)
            raise
        recording.__exit__(None, None, None)
        _check(path, ignore, select, fail_on)

    return audited


def _check(
    path: Path,
    ignore: Iterable[str] | Mapping[str, str],
    select: Iterable[str],
    fail_on: str,
) -> None:
    """Fail the test if an audit of the run finds something."""
    from collections.abc import Mapping

    from lrscope.audit.audit import audit_run
    from lrscope.audit.finding import Severity
    from lrscope.cli.audit import ignored_here
    from lrscope.report.findings_text import as_text

    own = ignore if isinstance(ignore, Mapping) else dict.fromkeys(ignore, "")
    reasons = {**ignored_here(), **own}
    audit = audit_run(_run(path), select=select, ignore=reasons)
    limit = Severity[fail_on.upper()]
    if any(each.severity >= limit for each in audit.findings):
        pytest.fail(as_text([audit]), pytrace=False)


def _run(path: Path) -> Run:
    """Return what was recorded; a test in which nothing was proves nothing."""
    from lrscope.errors import NotARun
    from lrscope.recording.run import read_run

    try:
        return read_run(path)
    except NotARun:
        pytest.fail(
            "lr_audit saw no optimizer step in its block: train inside of it, with an "
            "optimizer of torch, and outside of lrscope run and lrscope.record",
            pytrace=False,
        )
