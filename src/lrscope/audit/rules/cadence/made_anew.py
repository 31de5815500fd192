"""A scheduler is made anew in the loop and always begins again.

What it means: the same line made a scheduler several times for the same optimizer, or
for one that was made anew itself. Each was stepped for a while and then replaced by a
new one at its beginning; none came half its way.

Why it matters: a warm-up starts again with every pass, a decay never gets to its small
rates, and because every new one begins at the rate that the last one left, the curve is
none that anybody planned.

Usual causes: the constructor stands inside the loop over passes, or in a function like
``train_one_epoch()`` that is called for each of them.

What to do: make the scheduler once, before the loop, and hand it to the function.

Looks the same, but is right: cycles, each of which goes through a whole schedule; a
scheduler for each fold or stage with an optimizer of its own; one that is made with
``last_epoch`` where the one before had stopped.

Upstream: macournoyer/neuralconvo#47, where the state began anew with every pass
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.remade import Remade
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Remade | Scheduler]:
    return [*case.remade, *case.driving]


def _judge(subject: Remade | Scheduler) -> Iterator[Finding]:
    if not isinstance(subject, Remade):
        return
    last, made = subject.scheduler, len(subject.every)
    yield RULE.found(
        subject,
        f"{last.called} was made {made} times by the same line, each time from "
        f"its beginning: none came further than {subject.furthest} of its "
        f"{subject.length} steps",
        cause="it is made inside the loop, in every round of it",
        fix="make it once, before the loop, and only step it inside",
        steps=(0, last.calls.size - 1),
        evidence={"made": made, "furthest": subject.furthest},
    )


RULE = Rule(
    code="LR016",
    name="sched-made-anew-in-loop",
    severity=ERROR,
    page=__doc__,
    needs="a scheduler that was stepped",
    subjects=_subjects,
    judge=_judge,
    explains=(
        "epoch-clock-resets-inside-warmup",
        "initial_lr-poisons-second-scheduler",
    ),
)
