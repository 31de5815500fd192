"""Page: what ``lrscope show`` tells about a run, before it has a format."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.recording.events import Trouble
from lrscope.recording.gone import is_gone
from lrscope.recording.values import LOSS
from lrscope.report.logged import Latest, logged_of
from lrscope.report.movement import (
    Movement,
    movement_of,
    nearest_measured,
    remarks_on,
)
from lrscope.report.others import others_beside
from lrscope.report.schedulers import schedulers_in
from lrscope.report.segments import segments_beside
from lrscope.report.signals import signal_in
from lrscope.report.steps import Points, Steps
from lrscope.report.whole import points_of, stretches_of

if TYPE_CHECKING:
    from lrscope.recording.process import Process
    from lrscope.recording.ratio import Ratio
    from lrscope.recording.run import Run
    from lrscope.recording.track import Track
    from lrscope.report.whole import Stretch

FORMAT = 1
"""Number of the JSON form; history: 1 (0.1.0) first form."""

RUNNING = "running, or killed before it could end"
GONE = "killed before it could end"
"""State of a process of a segment whose launcher has not told its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group in the table.

    Attributes:
        name: optimizer and group.
        parameters: numbers in its parameters.
        steps: steps in which it was updated, within the range shown.
        first: rate applied in the first of them; None if there is none.
        peak: the largest.
        last: rate applied in the last of them.
        changes: how often the rate changed from one of them to the next.
        changed_by: who changed it, and how often, over the whole run.
        curve: steps and rates, thinned for drawing; see `Page.joined`.
        movement: how far its weights really moved; None if that was not measured.
    """

    name: str
    parameters: int
    steps: int
    first: float | None
    peak: float | None
    last: float | None
    changes: int
    changed_by: dict[str, int]
    curve: Points
    movement: Movement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that is shown of one process of a run.

    Attributes:
        run: its directory.
        process: which of the processes.
        command: what it ran.
        state: whether it goes on, and how it ended.
        segments: how those of a continued run follow one another, in words.
        joined: whether curves and losses begin with the first segment that is told of;
            their steps are then counted over the whole training.
        rows: one for each group.
        ratios: how often things happened, by optimizer.
        schedulers: those that were met, in words.
        losses: steps and losses by optimizer, thinned for drawing.
        logged: what the program logged, by name.
        nearest_measured: the measured step nearest to the range that is shown; None if
            steps were measured in it, or nowhere.
        remarks: what is wrong with the recording, and what is missing in it.
    """

    run: str
    process: str
    command: str
    state: str
    segments: tuple[str, ...]
    joined: bool
    rows: tuple[Row, ...]
    ratios: dict[str, Ratio]
    schedulers: tuple[str, ...]
    losses: dict[str, Points]
    logged: dict[str, Latest]
    nearest_measured: int | None
    remarks: tuple[str, ...]


def page_of(
    run: Run,
    group: str | None = None,
    steps: Steps | None = None,
    process: Process | None = None,
    *,
    alone: bool = False,
) -> Page:
    """Return what to show of a run.

    Args:
        run: the run.
        group: show only tracks whose name contains this; if there are none, those with
            such a parameter that was measured apart, and of these only that.
        steps: show only these steps.
        process: which to show; by default `Run.main`.
        alone: whether to leave out what came before it in earlier segments.
    """
    process, steps = process or run.main, steps or Steps()
    group = group or ""
    whole = [each for each in process.tracks if group in each.name]
    tracks = whole or [
        each
        for each in process.tracks
        if any(group in name for name in each.parameters)
    ]
    named = "" if whole else group
    training = {each.name: stretches_of(each, run) for each in tracks}
    if alone or steps != Steps() or not all(training.values()):
        training = {}
    rows = tuple(_row(each, steps, named, training.get(each.name)) for each in tracks)
    optimizers = dict.fromkeys(each.optimizer for each in tracks)
    return Page(
        run=str(run.path),
        process=_which(process, run),
        command=" ".join(process.command),
        state=_state(process, run),
        segments=segments_beside(process, run),
        joined=bool(training),
        rows=rows,
        ratios={each.name: process.ratio(each.index) for each in optimizers},
        schedulers=schedulers_in(process),
        losses=_losses(tracks, steps, training),
        logged=logged_of(tracks, steps),
        nearest_measured=None
        if any(row.movement for row in rows)
        else nearest_measured(tracks, steps),
        remarks=_remarks(run, process),
    )


def _losses(
    tracks: list[Track], steps: Steps, training: dict[str, list[Stretch]]
) -> dict[str, Points]:
    """Return the loss before each step of each optimizer, where it was recorded."""
    found: dict[str, Points] = {}
    for track in tracks:
        if track.optimizer.name not in found and LOSS in track.process.values:
            points = points_of(track, "loss", steps, training.get(track.name))
            found[track.optimizer.name] = points
    return found


def _which(process: Process, run: Run) -> str:
    parts = []
    if len(run.segments) > 1:
        parts.append(f"segment {process.segment} (of {len(run.segments)}, from 0)")
    if process.rank is not None:
        parts.append(f"rank {process.rank} of {process.world_size or '?'}")
    parts.append(f"pid {process.pid}")
    others = others_beside(process, run)
    return " · ".join([*parts, *filter(None, [others])])


def _state(process: Process, run: Run) -> str:
    codes = {each.number: each.exit_code for each in run.segments}
    code = codes.get(process.segment)
    if code is None and not process.ended:
        gone = is_gone(process.pid, process.head.get("pid_space"))
        return GONE if gone else RUNNING
    killed = signal_in(code or 0)
    if process.ended:
        how = f"killed by {killed}" if killed else f"exit code {code}"
        return f"ended, {how}" if code else "ended"
    if killed:
        return f"killed by {killed} before it could end"
    return f"killed before it could end, exit code {code}"


def _row(
    track: Track, steps: Steps, named: str, stretches: list[Stretch] | None
) -> Row:
    lr = track.applied[steps.among(track.steps)]
    finite = lr[np.isfinite(lr)]
    return Row(
        name=track.name,
        parameters=track.description.elements,
        steps=int(lr.size),
        first=float(lr[0]) if lr.size else None,
        peak=float(finite.max()) if finite.size else None,
        last=float(lr[-1]) if lr.size else None,
        changes=int((lr[1:] != lr[:-1]).sum()),
        changed_by=dict(track.changed_by.most_common()),
        curve=points_of(track, "applied", steps, stretches),
        movement=movement_of(track, steps, named),
    )


def _remarks(run: Run, process: Process) -> tuple[str, ...]:
    remarks = [f"{name}: {reason}" for name, reason in run.unreadable.items()]
    remarks += [f"{e.path.name}: {e.problem}" for e in run.processes if e.problem]
    remarks += [
        f"recording stopped early: {event.reason}"
        for event in process.history.of(Trouble)
    ]
    return (*remarks, *remarks_on(process))


def as_json(page: Page) -> dict[str, Any]:
    """Return a page as plain data, NaN and infinities as None."""
    return {"format": FORMAT, **_without_nan(asdict(page))}


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(each) for each in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
