"""A decay factor of 0 ends the training at its first decay.

What it means: a scheduler was made with ``gamma=0``. At its first decay the rate
becomes 0, and nothing ever makes it more.

Why it matters: from there on no update changes anything.

Usual causes: 0 was meant as "off". Off is 1: the rate is multiplied by it.

What to do: ``gamma=1``, or leave the scheduler out.

Looks the same, but is right: a group that is frozen on purpose by a schedule of its
own; a run that ends before the first decay (info).

Upstream: LINCellularNeuroscience/VAME#26
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.number import is_number
from lrscope.audit.finding import ERROR, INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding
    from lrscope.recording.events import SchedulerConstructed

NAMES = ("gamma", "decay_rate")
"""What a decay factor is called."""


def _factor(event: SchedulerConstructed) -> tuple[str, float] | None:
    own = {**event.attributes, **event.arguments}
    found = ((name, own.get(name)) for name in NAMES)
    return next(
        ((name, float(value)) for name, value in found if is_number(value)), None
    )


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.driving if any(map(_factor, each.parts))]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    found = [each for each in scheduler.parts if (_factor(each) or ("", 1.0))[1] == 0]
    if not found or not scheduler.groups:
        return
    name, _ = _factor(found[0]) or ("gamma", 0.0)
    dead = [each.applied == 0 for each in scheduler.groups]
    ended = all(each[-1] and not each.all() for each in dead)
    first = min(int(np.argmax(each)) for each in dead) if ended else None
    count = int(dead[0].size)
    known = found[0].module.startswith("torch.optim")
    if not ended and not known:
        return  # what its own class makes of the name is not known
    yield RULE.found(
        scheduler,
        f"{found[0].class_name}({name}=0) set the rate to 0 from update {first}, for "
        f"{count - (first or 0)} of {count} updates"
        if ended
        else f"{found[0].class_name}({name}=0) sets the rate to 0 at its first decay, "
        "which this run did not come to",
        cause=f"{name}=0: the rate is multiplied by 0 at each decay",
        fix=f"{name}=1 if there is to be no decay, or leave the scheduler out",
        severity=ERROR if ended else INFO,
        steps=None if first is None else (first, count - 1),
        evidence={name: 0.0, "first_update_at_zero": first},
    )


RULE = Rule(
    code="LR610",
    name="gamma-zero-typo",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler with a decay factor that was stepped",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-shorter-than-run", "lr-decays-too-fast"),
)
