"""The cosine was stepped past ``T_max`` and the rate rose again.

What it means: CosineAnnealingLR goes down for ``T_max`` steps and, as a cosine does, up
again for as many. The run went on after ``T_max``.

Why it matters: the rate climbs when it should be at its lowest; what was annealed is
undone, and the training may become unstable in its last part.

Usual causes: the number of epochs was raised and ``T_max`` was not; the loader has more
batches than was assumed; the scheduler is stepped too often.

What to do: set ``T_max`` to the number of steps that are taken, or stop stepping there.

Looks the same, but is right: ``T_max`` as half of a period on purpose, over several
periods (info).

Upstream: drprojects/superpoint_transformer#107, CodefyUI/CodefyUI#205,
Noble-Lab/casanovo#693, pwhofman/probly#557
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.number import is_number
from lrscope.audit.facts.source import loops_around, rounds_counted
from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

COSINE = "CosineAnnealingLR"
SOME, MANY = 2.5, 4
"""Lengths of ``T_max`` from which on a swing is taken to be wanted: of some only if the
run ends where one does, of many always."""
NEAR = 0.02
"""Share of a length by which a run may miss its end."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if each.horizon and each.made_of(COSINE) and not each.by_argument
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer = scheduler.optimizer
    length, before = _lengths(scheduler)
    if optimizer is None or not length or scheduler.position <= before + length:
        return
    reached = scheduler.position - scheduler.steps + np.cumsum(scheduler.between)
    turn = int(np.searchsorted(reached, before + length))
    turn = int(optimizer.updated[:turn].sum())
    group = max(scheduler.groups, key=lambda each: each.peak, default=None)
    if group is None or turn >= group.applied.size:
        return
    lr = group.applied
    low, end = float(lr[turn]), float(np.nanmax(lr[turn:]))
    if end <= low + 0.01 * (group.peak - low):
        return
    given = scheduler.position - before
    lengths = given / length
    ends = abs(lengths - round(lengths)) <= NEAR
    often = lengths >= MANY or (lengths >= SOME and ends)
    rounds = often and _counts_rounds(scheduler)
    yield RULE.found(
        scheduler,
        f"the rate rose again from {low:.3g} to {end:.3g} after update {turn}: "
        f"{scheduler.called} was stepped {scheduler.steps} times",
        cause=f"T_max={length} counts the rounds of a loop, in each of which it is "
        f"stepped {given / length:.3g} times"
        if rounds
        else f"T_max={length} is less than the {given} steps of the cosine",
        fix="step it once a round, or multiply T_max by the updates in one"
        if rounds
        else f"set T_max={given}, or stop stepping after {length}",
        severity=INFO if often and not rounds else ERROR,
        steps=(turn, int(lr.size) - 1),
        evidence={"lowest": low, "highest_after": end, "T_max": length},
    )


def _counts_rounds(scheduler: Scheduler) -> bool:
    """Say whether T_max is the number of rounds of a loop outside of the innermost."""
    made, started = scheduler.event.where, scheduler.training.started
    if made is None or len(scheduler.sites) != 1:
        return False
    (stepped,) = scheduler.sites
    around = loops_around(stepped, started)[:-1]
    return stepped[0] == made[0] and any(
        loop in around for loop in rounds_counted(made, started)
    )


def _lengths(scheduler: Scheduler) -> tuple[int, int]:
    """Return T_max of the cosine that comes last, and the steps before it."""
    cosines = [each for each in scheduler.parts if each.class_name == COSINE]
    length = cosines[-1].arguments.get("T_max")
    if not is_number(length) or length <= 0:
        return 0, 0
    if scheduler.class_name != "SequentialLR":
        return int(length), 0
    last = scheduler.event.children[-1]
    return (int(length) if cosines[-1].scheduler == last else 0), max(
        0, scheduler.horizon_steps - int(length)
    )


RULE = Rule(
    code="LR203",
    name="cosine-past-T_max-climbs-back",
    severity=ERROR,
    page=__doc__,
    needs="a CosineAnnealingLR that drives an optimizer",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-shorter-than-run",),
)
