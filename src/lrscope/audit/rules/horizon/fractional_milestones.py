"""A milestone of MultiStepLR is not a whole number and is never hit.

What it means: MultiStepLR compares the number of its steps with its milestones for
equality. A milestone such as 10.8 is never equal.

Why it matters: the decay that was planned there never happens, without an error.

Usual causes: milestones computed as a share of the total: ``0.6 * epochs``.

What to do: round them: ``int(0.6 * epochs)``.

Looks the same, but is right: nothing. 30.0 is a whole number and is hit; milestones of
SequentialLR are compared by order and need not be whole.

Upstream: Pointcept/Pointcept#379
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.horizon import milestones_of
from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.schedulers if each.made_of("MultiStepLR")]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    for part in scheduler.parts:
        if part.class_name != "MultiStepLR":
            continue
        missed = [each for each in milestones_of(part) if each != int(each)]
        if missed:
            shown = ", ".join(f"{each:g}" for each in missed)
            yield RULE.found(
                scheduler,
                f"MultiStepLR never decays at {shown}: it waits for a step of exactly "
                "that number",
                cause="milestones that are not whole numbers",
                fix=f"round them: {', '.join(str(int(each)) for each in missed)}",
                where=distinct(part.where),
                evidence={"milestones": missed},
            )


RULE = Rule(
    code="LR210",
    name="milestones-never-hit-float",
    severity=ERROR,
    page=__doc__,
    needs="a MultiStepLR",
    subjects=_subjects,
    judge=_judge,
)
