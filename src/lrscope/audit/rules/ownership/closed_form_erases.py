"""A member of a chain works its rate out afresh and erases the others.

What it means: ChainedScheduler steps its members one after the other on the same rate.
LambdaLR, OneCycleLR, CyclicLR and CosineAnnealingWarmRestarts write base rate times
factor, whatever the rate was: what the other members did is lost.

Why it matters: the warm-up or the decay that the chain was made for never happens.

Usual causes: a LambdaLR warm-up is chained with a decay in the belief that factors
multiply.

What to do: write both into one function, use ``SequentialLR`` for one after the other,
or chain only such as multiply: StepLR, MultiStepLR, ExponentialLR, LinearLR,
ConstantLR, PolynomialLR.

Looks the same, but is right: a last member that is meant to override the others.

Upstream: pytorch/pytorch#82859, pytorch/pytorch#33416
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.writers import begins_neutral, writes_afresh
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding
    from lrscope.recording.events import SchedulerConstructed

CHAIN = "ChainedScheduler"


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.driving if each.made_of(CHAIN)]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    known = {each.scheduler: each for each in scheduler.parts}
    for chain in scheduler.parts:
        if chain.class_name != CHAIN:
            continue
        members = [known[each] for each in chain.children if each in known]
        afresh = [each for each in members if writes_afresh(each)]
        lost = _lost(members, afresh)
        if not lost:
            continue
        erased = ", ".join(dict.fromkeys(each.class_name for each in lost))
        yield RULE.found(
            scheduler,
            f"in a ChainedScheduler {afresh[-1].class_name} erases what {erased} does",
            cause=f"{afresh[-1].class_name} writes base rate times factor at every "
            "step, whatever the rate was",
            fix="write both into one function, or use SequentialLR",
            where=distinct(*(each.where for each in (chain, *members))),
            evidence={"members": [each.class_name for each in members]},
        )


def _lost(
    members: list[SchedulerConstructed], afresh: list[SchedulerConstructed]
) -> list[SchedulerConstructed]:
    """Return the members whose steps are undone."""
    if not afresh:
        return []
    return [
        each for each in members if each is not afresh[-1] and not begins_neutral(each)
    ]


RULE = Rule(
    code="LR404",
    name="closed-form-erases-chained",
    severity=WARNING,
    page=__doc__,
    needs="a ChainedScheduler that is stepped",
    subjects=_subjects,
    judge=_judge,
)
