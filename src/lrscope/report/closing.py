"""Closing: the line about a segment that is printed when it has ended.

It does without NumPy where it can: a short training should not wait for us.
"""

from __future__ import annotations

import os
import shlex

from lrscope import optimizer_names
from lrscope.recording.glance import glance
from lrscope.recording.opening import RUNS, latest
from lrscope.report.signals import signal_in

TYPE_CHECKING = False  # importing typing takes longer than the line
if TYPE_CHECKING:
    from collections.abc import Sequence

CAUSES = (
    "the optimizer is not a torch.optim.Optimizer (a class that does not call "
    "Optimizer.__init__, DeepSpeed and Apex kernels); Python ran isolated (python -I, "
    "-E or -S) or the script cleared PYTHONPATH; Python is older than 3.9; every step "
    "was replayed from a CUDA graph that torch does not know"
)


def nothing_seen(exit_code: int, why: str = "") -> str:
    """Return that no step was seen, and how the command failed or what may be why.

    Args:
        exit_code: of the command; negative for a signal.
        why: what its processes tell, if they do.
    """
    if exit_code:
        killed = signal_in(exit_code)
        how = (
            f"was killed by {killed}" if killed else f"ended with exit code {exit_code}"
        )
        return f"the command {how} before any optimizer step was seen"
    seen = "warning: no optimizer step was seen, so nothing was recorded"
    if why:
        return f"{seen}: {why}"
    return (
        f"{seen}. Likely causes: the command never came to optimizer.step(); {CAUSES}"
    )


class Done:
    """What a process did, as far as the line tells it.

    Attributes:
        updates: steps that updated parameters.
        skipped: steps that did not.
        groups: tracks, over all optimizers.
        optimizers: how many took a step.
        rates: that the first track applied first and last; None if it has none.
        name: of the first track, if there is more than one.
    """

    def __init__(  # noqa: PLR0913 - a dataclass would take longer to import
        self,
        *,
        updates: int,
        skipped: int,
        groups: int,
        optimizers: int,
        rates: tuple[float, float] | None,
        name: str | None,
    ) -> None:
        """Take what was counted."""
        self.updates = updates
        self.skipped = skipped
        self.groups = groups
        self.optimizers = optimizers
        self.rates = rates
        self.name = name

    def parts(self) -> list[str]:
        """Return the pieces of the line."""
        what = f"{_count(self.updates, 'step')} · {_count(self.groups, 'group')}"
        if self.optimizers > 1:
            what += f" in {self.optimizers} optimizers"
        if self.rates:
            what += f" · {self.rates[0]:.3g} → {self.rates[1]:.3g}"
            if self.name:
                what += f" ({self.name})"
        return [what, f"{self.skipped} skipped"] if self.skipped else [what]


def closing_line(run: str, segment: int, logs: Sequence[str]) -> str:
    """Return steps, groups, rates and skipped steps, and the command to type next.

    Args:
        run: its directory.
        segment: number of the segment.
        logs: of its processes, at least one.

    Raises:
        RecordingError: the run cannot be read.
    """
    done = at_a_glance(logs[0]) if len(logs) == 1 else None
    if done is not None:
        return line(run, segment, done.parts())
    from pathlib import Path

    from lrscope.report.summary import summary_of

    return summary_of(Path(run), segment)


def line(run: str, segment: int, parts: Sequence[str], then: str = "show") -> str:
    """Return the pieces in a line, and the command to type next."""
    which = [f"segment {segment} of this run"] if segment else []
    return f"{' · '.join([*which, *parts])} · next: {command_for(run, then)}"


def command_for(run: str, command: str = "show") -> str:
    """Return the command to type for a run, which need not name the latest one."""
    if os.path.dirname(run) == RUNS and latest() == run:
        return f"lrscope {command}"
    return f"lrscope {command} {shlex.quote(run)}"


def at_a_glance(log: str) -> Done | None:
    """Return what a process did, if its log tells it without being read."""
    seen = glance(log)
    if seen is None:
        return None
    first = seen[0]
    groups = sum(len(each.groups) for each in seen)
    [called, *_] = optimizer_names.names_of([each.class_name for each in seen])
    return Done(
        updates=sum(each.updates for each in seen),
        skipped=sum(each.skipped for each in seen),
        groups=groups,
        optimizers=len(seen),
        rates=(first.first[1], first.last[1]),
        name=f"{called}/{first.group_name}" if groups > 1 else None,
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
