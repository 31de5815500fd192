"""Following: a thread that judges a run while it is recorded, and says what it finds.

It lives in the process that launched the command; the training knows nothing of it.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from lrscope.audit.finding import Finding

PAUSE = 5.0
"""Seconds between two looks at a run, at least."""

SHARE = 0.05
"""Share of one processor that looking may take."""


class Follower:
    """Looks at a segment every few seconds and tells each finding once."""

    def __init__(
        self,
        run: Path,
        segment: int,
        tell: Callable[[Finding, bool], None],
        ignore: Mapping[str, str],
    ) -> None:
        """Take what to look at.

        Args:
            run: directory of the run.
            segment: number of the segment that is being recorded.
            tell: called with each finding, and whether several processes of the segment
                train, from the thread or from `finish`.
            ignore: codes or names of rules that nobody wants to hear of, and why.
        """
        self._run = run
        self._segment = segment
        self._tell = tell
        self._ignore = dict(ignore)
        self._told: set[object] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._follow, name="lrscope-audit", daemon=True
        )

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def finish(self) -> None:
        """Stop following, and tell what can be said now that the command has ended."""
        self._ended.set()
        self._thread.join(timeout=PAUSE)
        self._look(at_the_end=True)

    def _follow(self) -> None:
        pause = PAUSE
        while not self._ended.wait(pause):
            began = time.perf_counter()
            self._look(at_the_end=False)
            pause = max(PAUSE, (time.perf_counter() - began) / SHARE)

    def _look(self, *, at_the_end: bool) -> None:
        """Look once; nothing that goes wrong here may disturb the command."""
        try:
            found, several = self._found(at_the_end=at_the_end)
        except Exception:  # noqa: BLE001 - lrscope audit says later what is wrong
            return
        for each in found:
            place = (each.code, *each.whose, each.group)
            if (at_the_end or not self._ended.is_set()) and place not in self._told:
                self._told.add(place)
                self._tell(each, several)

    def _found(self, *, at_the_end: bool) -> tuple[Iterable[Finding], bool]:
        from lrscope.audit.audit import audit_run
        from lrscope.audit.finding import INFO
        from lrscope.audit.running import certain_findings
        from lrscope.recording.run import read_run

        run = read_run(self._run)
        own = [each for each in run.processes if each.segment == self._segment]
        several = sum(bool(each.optimizers) for each in own) > 1
        if not at_the_end:
            certain = certain_findings(run, segment=self._segment, ignore=self._ignore)
            return certain, several
        found = audit_run(run, ignore=self._ignore).findings
        severe = [e for e in found if e.segment == self._segment and e.severity > INFO]
        return severe, several


def print_finding(finding: Finding, several: bool) -> None:  # noqa: FBT001
    """Print a finding to stderr in one piece, among what the command prints there.

    Args:
        finding: to print.
        several: whether other processes train beside the one that it is about.
    """
    from rich.console import Console

    from lrscope.report.findings_text import finding_lines

    console = Console(stderr=True, highlight=False)
    width = console.width if console.is_terminal else None
    with console.capture() as printed:
        console.print("lrscope audit:", style="bold", soft_wrap=True)
        crowded = {finding.segment} if several else ()
        for line in finding_lines(finding, width=width, crowded=crowded):
            console.print(line, soft_wrap=True)
    try:
        sys.stderr.write(printed.get())
        sys.stderr.flush()
    except OSError:
        pass  # nobody reads it
