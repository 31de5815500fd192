"""The last part of the run was trained at rate 0, or at the floor.

What it means: the schedule was over before the run was, and the rate stayed at the end
value: exactly 0, which trains nothing, or a floor.

Why it matters: updates at rate 0 are wasted compute.

Usual causes: the length is left over from another batch size or number of epochs; a
linear decay stays at 0 once it is there.

What to do: give the schedule the length of the run, or end the run with the schedule.

Looks the same, but is right: a constant floor that is wanted (info); a group that is
frozen by rate 0 while others train.

Upstream: FGA-DIKU/BONSAI#156, wandb/senpai#1065, huggingface/transformers#21521,
kohya-ss/sd-scripts#141
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

SHARE = 0.02
"""Share of the updates at the end that is more than rounding."""


def _subjects(case: Case) -> list[Optimizer]:
    return [each for each in case.optimizers if any(g.peak > 0 for g in each.groups)]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    updates = max(group.applied.size for group in optimizer.groups)
    tail = min(group.tail for group in optimizer.groups)
    last = [float(group.applied[-1]) for group in optimizer.groups]
    over = [s for s in optimizer.schedulers if s.horizon and s.horizon.ends_run]
    over = [s for s in over if s.position > (1 + SHARE) * s.horizon_steps]
    if tail <= max(1, SHARE * updates) or tail == updates:
        return
    dead = not any(last)
    if not dead and not (over and _at_floor(optimizer)):
        return
    names = ", ".join(f"{each.called}" for each in over) or "the schedule"
    idle = [s for s in over if _steps_idly(s, updates)]
    yield RULE.found(
        optimizer,
        f"the last {tail} of {updates} updates ({tail / updates:.0%}) ran at rate "
        f"{max(last):.3g}",
        cause=f"{names} was over by then"
        + (f": it was stepped {idle[0].steps} times" if idle else ""),
        fix=f"step it once for each of the {updates} updates"
        if idle
        else "give the schedule the length of the run",
        severity=ERROR if dead else INFO,
        steps=(updates - tail, updates - 1),
        where=optimizer.writers,
        evidence={"tail": tail, "last_rates": last},
    )


def _steps_idly(scheduler: Scheduler, updates: int) -> bool:
    """Say whether it has the length of the run, and is stepped more often."""
    off = abs(scheduler.horizon_steps - updates)
    return off <= SHARE * updates and scheduler.steps > (1 + SHARE) * updates


def _at_floor(optimizer: Optimizer) -> bool:
    """Say whether all groups ended at their lowest rate, below their highest."""
    return all(
        group.applied[-1] < group.peak and group.applied[-1] <= np.nanmin(group.applied)
        for group in optimizer.groups
    )


RULE = Rule(
    code="LR202",
    name="schedule-shorter-than-run",
    severity=ERROR,
    page=__doc__,
    needs="an optimizer that was updated at a rate above 0",
    subjects=_subjects,
    judge=_judge,
)
