"""The rate fell to almost nothing at the beginning of the training.

What it means: within the first updates after its peak the rate fell by an order of
magnitude, and it went on falling: for most of the run it was less than a hundredth, or
a thousandth, of the peak. Where a loss was recorded (``lrscope run --effective``, a
value logged as ``…loss…``, the metric of a scheduler) it says what that did.

Why it matters: the loss still falls quickly then; with a rate of nothing it stalls, and
the rest of the run is wasted.

Usual causes: a decay that was chosen for epochs and is applied at every update, in a
formula such as rate / (1 + decay * step).

What to do: a decay that takes the length of the run; divide its constant by the number
of updates in an epoch.

Looks the same, but is right: one drop to the rate of a second stage; a rate that a
metric cut; a range test; a loss that had stopped falling before the rate fell, or that
went on falling well after.

Upstream: pytorch/pytorch#20527, ivadomed/ivadomed#55
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.falling import Fall, fall_of
from lrscope.audit.facts.losses import course_of
from lrscope.audit.facts.plateau import Plateau, is_plateau
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

ENOUGH = 60
"""Updates after the peak below which nothing is said."""


def _subjects(case: Case) -> list[Group]:
    return [
        each
        for each in case.groups
        if each.applied.size >= ENOUGH
        if not any(map(_may_cut, each.optimizer.schedulers))
    ]


def _may_cut(scheduler: Scheduler) -> bool:
    """Say whether a metric may have cut the rate."""
    if is_plateau(scheduler) and scheduler.metrics.size:
        return bool(Plateau(scheduler).decided.cuts)
    return scheduler.follows_metric


def _judge(group: Group) -> Iterator[Finding]:
    fall = fall_of(group.applied)
    if fall is None or fall.tenth_at is None or not fall.gradual:
        return
    size = group.applied.size
    if fall.peak_at > 0.2 * size or not _is_too_fast(fall, size - fall.peak_at):
        return
    course = course_of(group, fall)
    if course is not None and course.was_no_harm:
        return
    message = (
        f"{fall.tenth_at} updates after its peak {group.peak:.3g} the rate was a tenth "
        f"of it, and {fall.median:.2g} of it in the middle of the {size} updates"
    )
    if course is not None and course.stalled:
        message += (
            f"; until then the {course.name} fell from {course.at_peak.value:.3g} to "
            f"{course.at_tenth.value:.3g}, and then it stalled "
            f"({course.at_end.value:.3g} at the end)"
        )
    yield RULE.found(
        group,
        message,
        cause="the decay is many times shorter than the run",
        fix="a decay that takes the length of the run",
        steps=(fall.peak_at + group.begins, group.last),
        evidence={
            "updates_to_a_tenth": fall.tenth_at,
            "median_share_of_peak": fall.median,
            "last_share_of_peak": fall.last,
            **(course.evidence() if course else {}),
        },
    )


def _is_too_fast(fall: Fall, size: int) -> bool:
    tenth = (fall.tenth_at or size) / size
    return (tenth <= 0.06 and fall.median < 1e-2) or (
        tenth <= 0.2 and fall.collapsed >= 0.5
    )


RULE = Rule(
    code="LR801",
    name="lr-decays-too-fast",
    severity=WARNING,
    page=__doc__,
    needs=f"a group with {ENOUGH} updates whose rate no metric decides",
    subjects=_subjects,
    judge=_judge,
)
