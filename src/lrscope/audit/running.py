"""Running: what is certain of a run that has not ended yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrscope.audit.audit import audit_run, rule_called
from lrscope.audit.case import Case
from lrscope.audit.comments import Comments
from lrscope.audit.facts.pace import pace_of
from lrscope.audit.finding import INFO, WARNING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lrscope.audit.audit import Audit
    from lrscope.audit.facts.pace import Pace
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding
    from lrscope.recording.run import Run

EARLY = (
    "sched-before-optimizer",
    "warmup-misses-first-update",
    "milestones-never-hit-float",
    "sched-built-after-optimizer-load",
    "optimizer-not-restored-scheduler-is",
    "last_epoch-constructor-resume",
    "new-lr-ignored-on-resume",
    "warmup-replayed",
    "lr-not-finite-or-negative",
    "sequential-init-wrong-lr",
    "sequential-milestone-zero",
    "nested-composite-advances",
    "plateau-missing-metric",
    "get_lr-used-for-reading",
    "hand-written-poly-inert-or-negative",
)
"""Rules whose findings nothing that comes later can take back."""

ONLY_ERRORS = frozenset({"hand-written-poly-inert-or-negative"})
"""Those of them whose warnings may be taken back: a flat rate may fall at the end."""

LEAST = 20
"""Updates before anything is said: the first ones may be a try."""

SHORT, LONG = 0.9, 1.1
"""Shares of its length between which a schedule ends with the run."""

PERIODS = 2.5
"""Lengths of a cosine from which on its swing is taken to be wanted."""


def certain_findings(
    run: Run, *, segment: int, ignore: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Return what can be said of a segment before it has ended, and will stay so.

    Args:
        run: the run as far as it was recorded.
        segment: number of the segment that goes on.
        ignore: codes or names of rules that nobody wants to hear of, and why.

    Returns:
        warnings and errors: mistakes that have been made, and schedules that will not
        end with the run at this pace.
    """
    case = Case(run)
    optimizers = [each for each in case.optimizers if each.training.segment == segment]
    if not any(each.updates >= LEAST for each in optimizers):
        return ()
    found = audit_run(run, ignore=ignore or {}).findings
    early = [each for each in found if each.name in EARLY]
    unwanted = {rule_called(each).code for each in ignore or {}}
    comments = Comments()
    ahead = [
        each
        for each in _ahead(case, segment)
        if each.code not in unwanted and comments.reason(each) is None
    ]
    return tuple(
        each
        for each in (*early, *ahead)
        if each.segment == segment
        if each.severity > (WARNING if each.name in ONLY_ERRORS else INFO)
    )


def goes_on(run: Run) -> bool:
    """Say whether the last segment has not ended, or was killed and nobody saw it."""
    last = max(run.segments, key=lambda each: each.number, default=None)
    if last is None or last.exit_code is not None:
        return False
    return any(each.segment == last.number and not each.ended for each in run.processes)


def so_far(run: Run, audit: Audit, *, ignore: Mapping[str, str]) -> Audit:
    """Return an audit with nothing in it that later steps may take back."""
    last = max(each.number for each in run.segments)
    certain = certain_findings(run, segment=last, ignore=ignore)
    before = [each for each in audit.findings if each.segment != last]
    return replace(audit, findings=(*certain, *before))


def _ahead(case: Case, segment: int) -> Iterator[Finding]:
    """Yield the mistakes that the pace of schedulers leads to."""
    resumed = {id(each.optimizer) for each in case.resumptions}
    for scheduler in case.driving:
        if scheduler.training.segment != segment or scheduler.by_argument:
            continue
        if id(scheduler.optimizer) in resumed or scheduler.training.process.ended:
            continue
        pace = pace_of(scheduler)
        if pace is not None:
            yield from _projected(scheduler, pace)


def _projected(scheduler: Scheduler, pace: Pace) -> Iterator[Finding]:
    end = f"{pace.end:.0f} of {scheduler.horizon_steps} steps"
    name = what = ""
    if pace.share < SHORT:
        name = "schedule-longer-than-run"
        what = f"{scheduler.called} will end at {pace.share:.0%} of its length"
    elif pace.share > LONG and scheduler.class_name == "OneCycleLR":
        name = "onecycle-overrun-crash"
        what = f"{scheduler.called} will raise after {1 / pace.share:.0%} of the run"
    elif LONG < pace.share < PERIODS and scheduler.class_name == "CosineAnnealingLR":
        name = "cosine-past-T_max-climbs-back"
        what = (
            f"{scheduler.called} will rise again after {1 / pace.share:.0%} of the run"
        )
    if not name:
        return
    length = scheduler.horizon.name if scheduler.horizon else ""
    steps = "step" if pace.per_pass == 1 else "steps"
    yield rule_called(name).found(
        scheduler,
        f"at this pace {what}: {end}",
        cause=f"it takes {pace.per_pass:g} {steps} in a pass, and {pace.told_by} says "
        f"that there will be {pace.passes} passes",
        fix=f"set {length} to {pace.end:.0f}, or step it as often as {length} counts",
        severity=WARNING,
        evidence={"steps_per_pass": pace.per_pass, "passes": pace.passes},
    )
