"""The run ended long before its schedule did.

What it means: at the end of the run the schedule had come less than nine tenths of its
way, so the last rates, the low ones, were never used.

Why it matters: the final rate is still a large share of the peak; annealing, which
brings the last points of accuracy, did not happen.

Usual causes: the number of epochs was lowered and the schedule's length was kept; the
length is computed from a different number of epochs, workers or batches.

What to do: compute the schedule's length from the same numbers as the run's.

Looks the same, but is right: early stopping, trials with ``--max-steps``, runs that are
continued in a later segment: reported as information only. A program whose loops can be
left early (``break``, ``return``) is given the benefit of the doubt. Of an optimizer
that another one followed, such as a trial's, it is the end of its own training that
counts. Nothing is said where another scheduler takes over, as SWALR does.

Upstream: CodefyUI/CodefyUI#205, wandb/senpai#965, vllm-project/speculators#1104,
pytorch/torchtitan#2340
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

LEAST = 3
"""Steps below which no length is advised: no schedule is meant to be so short."""


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.to_end if each.training.process.ended]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    horizon, progress = scheduler.horizon, scheduler.progress
    if horizon is None or progress is None or progress >= 0.9:
        return
    if _makes_up(scheduler, horizon.steps) or _is_relieved(scheduler):
        return
    ending = scheduler.training.ending
    in_a_pass = scheduler.ended_within_a_pass
    left = scheduler.alive.stop < 0.9 * scheduler.calls.size
    may_be_meant = ending.by_choice or in_a_pass or left
    rates = [(each.applied[-1], each.peak) for each in scheduler.groups]
    given_up = scheduler.given_up
    ended, position = "its training" if given_up else "the run", scheduler.position
    fix = "nothing, if it was stopped on purpose; else train as long as the schedule"
    if position >= LEAST:
        unless = "if it was not stopped early on purpose, " * may_be_meant
        fix = f"{unless}set {horizon.name} to the {position} steps that {ended} has"
    cut_short = None if given_up else ending.cut_short
    cause, fix = cut_short or (
        f"{horizon.name} does not fit the length of {ended}",
        fix,
    )
    last, peak = max(rates, default=(float("nan"), float("nan")))
    yield RULE.found(
        scheduler,
        f"{scheduler.called} had come {progress:.0%} of its way when {ended} ended: "
        f"{position} step{'s' * (position != 1)} of {horizon.steps}; "
        f"the last rate was {last:.3g}, the highest {peak:.3g}",
        cause=cause,
        fix=fix,
        severity=INFO if may_be_meant else WARNING,
        steps=scheduler.throughout,
        evidence={
            "ended_within_a_pass": in_a_pass,
            "asked_for": ending.asked_for,
            "loop_can_be_left": ending.may_leave_early,
        },
    )


def _makes_up(scheduler: Scheduler, length: int) -> bool:
    """Say whether the calls that updated nothing are what the schedule lacks."""
    own = scheduler.optimizer
    if own is None or own.calls.size == own.updates:
        return False
    return own.updates <= scheduler.steps + 1 and own.calls.size >= 0.9 * length


def _is_relieved(scheduler: Scheduler) -> bool:
    """Say whether another scheduler drove the optimizer after its last step."""
    own = scheduler.optimizer
    others = own.schedulers if own is not None else ()
    return any(each.between[scheduler.alive.stop :].any() for each in others)


RULE = Rule(
    code="LR201",
    name="schedule-longer-than-run",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler of known length, and the end of the run",
    subjects=_subjects,
    judge=_judge,
)
