"""A wrapper shows the scheduled rate, the optimizer inside it uses another.

What it means: the scheduler writes into the groups of a wrapper. These are no longer
the groups of the optimizer inside: it goes on with the rate it had.

Why it matters: what the wrapper shows and what is logged moves, what is used does not.

Usual causes: the wrapper kept a reference to ``param_groups``, and
``load_state_dict`` or a second wrapper replaced that list or its dictionaries.

What to do: let the wrapper hand ``param_groups`` on as a property, or make the
scheduler from the inner optimizer.

Looks the same, but is right: wrappers that scale the rate on purpose: the rate inside
moves with the one outside.

Upstream: microsoft/dp-transformers#43, modelscope/ms-swift#9304, pytorch/ignite#545,
davda54/sam#28
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.bound import Bound, bound_in
from lrscope.audit.facts.writers import planned_rates
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

ENOUGH = 5
"""Updates in which the plan must move while the rate stands still."""


def _subjects(case: Case) -> list[Bound | Scheduler]:
    around: list[Bound | Scheduler] = [
        pair for each in case.trainings for pair in bound_in(each) if pair.is_around
    ]
    return around + [each for each in case.driving if each.event.wrapper]


def _judge(subject: Bound | Scheduler) -> Iterator[Finding]:
    if isinstance(subject, Bound):
        if subject.reaches or not subject.between[1:].any():
            return
        scheduler, trained, first = subject.scheduler, subject.trained, 0
        outer = subject.optimizer_name
    else:
        scheduler, outer = subject, subject.event.wrapper
        still = _stands_still(subject)
        if still is None or subject.optimizer is None:
            return
        trained, first = subject.optimizer, still
    yield RULE.found(
        subject,
        f"{scheduler.called} was stepped {scheduler.steps} times for {outer}; the rate "
        f"of {trained.name} inside it stands still from update {first} on",
        cause=f"the groups that {outer} shows are not those of {trained.name} any more",
        fix=f"make the scheduler from {trained.name}, or let {outer}.param_groups be "
        "a property that returns the groups inside",
        steps=(first, max(first, trained.updates - 1)),
        evidence={"scheduler_steps": scheduler.steps, "updates": trained.updates},
    )


def _stands_still(scheduler: Scheduler) -> int | None:
    """Return the update from which on no rate moves though the plan does."""
    groups, plan = scheduler.groups, planned_rates(scheduler)
    if plan is None or len(plan) != len(groups) or any(g.begins for g in groups):
        return None
    first = max((int(g.changes[-1]) for g in groups if g.changes.size), default=0)
    rest = plan[:, first:]
    spread = np.ptp(rest, axis=1) / np.maximum(np.abs(plan).max(axis=1), 1e-300)
    moves = np.count_nonzero(np.diff(rest, axis=1), axis=1)
    return first if spread.max() > 0.05 and moves.max() >= ENOUGH else None


RULE = Rule(
    code="LR402",
    name="wrapper-param-groups-diverged",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler that drives a wrapper around an optimizer",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "stepped-for-an-optimizer-that-did-not-step",
        "sched-never-stepped",
        "stale-optimizer-after-resume",
    ),
)
