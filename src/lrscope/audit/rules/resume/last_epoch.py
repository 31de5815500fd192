"""The schedule was resumed through ``last_epoch`` and does not go on where it was.

What it means: the scheduler was constructed with ``last_epoch`` and given no state; the
rates that follow are not those of the schedule.

Why it matters: schedulers that multiply the rate that they find are at the right
position with a wrong rate: ``CosineAnnealingLR`` goes on at twice the right one.
Nothing warns.

Usual causes: ``last_epoch`` instead of ``load_state_dict``, with an optimizer that has
its initial rate; the number of an epoch given to a scheduler that is stepped at every
update; one epoch too many or too few.

What to do: construct the scheduler without ``last_epoch``, then load its state and the
optimizer's.

Looks the same, but is right: ``LambdaLR`` and others that compute the rate anew, given
the right number.

Upstream: pytorch/pytorch#60265, pytorch/pytorch#52236, pytorch/pytorch#49630,
pytorch/pytorch#126948, pytorch/pytorch#140900, vllm-project/speculators#1048,
vllm-project/speculators#1049, vllm-project/speculators#900,
svc-develop-team/so-vits-svc#19
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.curve import goes_through_again, off_plan
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule
from lrscope.audit.rules.resume import CONSEQUENCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Continued]:
    return [
        each
        for each in case.continued
        if each.given_last_epoch is not None and each.counts
        if each.scheduler.class_name != "SWALR"  # Lightning gives it the last epoch
    ]


def _judge(continued: Continued) -> Iterator[Finding]:
    wrong, size = _wrong(continued), continued.optimizer.updates
    if wrong <= min(1, size - 1) or continued.has_new_base:
        return
    due = "" if continued.due is None else f", {continued.due_in_words} was due"
    first = continued.first_rates
    yield RULE.found(
        continued,
        f"{continued.scheduler.called} was made with last_epoch="
        f"{continued.given_last_epoch}{due}; {wrong} of {size} updates ran at "
        "another rate than that of an uninterrupted training"
        + (f", the first at {first[0]:.4g}" if first else ""),
        cause="last_epoch sets the position only; the optimizer keeps its own rate",
        fix="leave last_epoch out; load the states of the scheduler and the optimizer "
        "after both were made",
        steps=continued.optimizer.throughout,
        evidence={
            "last_epoch": continued.given_last_epoch,
            "position": continued.start,
            "due": continued.due,
            "wrong_updates": wrong,
        },
    )


def _wrong(continued: Continued) -> int:
    """Count the updates at a rate that was not due, as far as that can be known."""
    wrong, own = continued.wrong(), continued.now.plan
    if wrong is None and own is not None:
        wrong = off_plan(continued.now, own, continued.start)
    if wrong is not None:
        return int(wrong.sum())
    again = continued.due != continued.start and goes_through_again(continued)
    return continued.optimizer.updates if again else 0


RULE = Rule(
    code="LR304",
    name="last_epoch-constructor-resume",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler that was constructed with last_epoch",
    subjects=_subjects,
    judge=_judge,
    explains=CONSEQUENCES,
)
