"""Summary: one line about a segment, printed when it has ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from lrscope.recording.events import ProcessEnded
from lrscope.recording.place import RUNS, latest_run
from lrscope.recording.run import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from lrscope.recording.process import Process

CAUSES = (
    "the optimizer is not a torch.optim.Optimizer (a class that does not call "
    "Optimizer.__init__, DeepSpeed and Apex kernels); Python ran isolated (python -I, "
    "-E or -S) or the script cleared PYTHONPATH; Python is older than 3.9; every step "
    "was replayed from a CUDA graph that torch does not know"
)


def nothing_seen(exit_code: int) -> str:
    """Return the warning that no step was seen, and what may have caused it."""
    warning = "warning: no optimizer step was seen"
    if exit_code:
        warning += f"; the command ended with code {exit_code}. If it did train"
        return f"{warning}: {CAUSES}"
    return (
        f"{warning}, so nothing was recorded. Likely causes: the command never came to "
        f"optimizer.step(); {CAUSES}"
    )


def summary_of(run: Path, segment: int) -> str:
    """Return steps, groups, rates and skipped steps, and the command to type next.

    Raises:
        RecordingError: the run cannot be read.
    """
    found = [each for each in read_run(run).processes if each.segment == segment]
    if not found:
        return f"the recordings of this segment cannot be read; see: {_next(run)}"
    process = min(found, key=lambda each: (each.rank or 0, each.started))
    ratio = process.ratio()
    if not ratio.updates and not ratio.skipped:
        why, then = _why(process), _next(run, "audit")
        return f"no optimizer step was completed{why} · next: {then}"
    parts = [_steps(process)]
    if segment:
        parts.insert(0, f"segment {segment} of this run")
    if len(found) > 1:
        parts.insert(0, f"{len(found)} processes")
    if ratio.skipped:
        parts.append(f"{ratio.skipped} skipped")
    if process.problem:
        parts.append(process.problem)
    return f"{' · '.join(parts)} · next: {_next(run)}"


def _why(process: Process) -> str:
    for each in process.history.of(ProcessEnded):
        if each.exception:
            kind, message = each.exception.get("type"), each.exception.get("message")
            return f" ({kind}: {message})" if message else f" ({kind})"
    return ""


def _steps(process: Process) -> str:
    ratio = process.ratio()
    tracks = process.tracks
    optimizers = len({each.optimizer for each in tracks})
    what = f"{_count(ratio.updates, 'step')} · {_count(len(tracks), 'group')}"
    if optimizers > 1:
        what += f" in {optimizers} optimizers"
    rates = [each.applied for each in tracks if len(each)]
    if rates:
        what += f" · {rates[0][0]:.3g} → {rates[0][-1]:.3g}"
        if len(rates) > 1:
            what += f" ({tracks[0].name})"
    return what


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _next(run: Path, command: str = "show") -> str:
    if run.parent.name == RUNS and latest_run() == run:
        return f"lrscope {command}"
    return f"lrscope {command} {shlex.quote(str(run))}"
