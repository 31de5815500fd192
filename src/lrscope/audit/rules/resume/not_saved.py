"""The schedule began anew after a resume, because its state was not saved.

What it means: the optimizer got its state back and goes on, but its scheduler started
at position 0 with the schedule of the earlier segment.

Why it matters: warm-up or decay are gone through a second time; the low rates at the
end are never reached.

Usual causes: the checkpoint holds the model and the optimizer only; a scheduler written
by hand has no ``state_dict``.

What to do: save ``scheduler.state_dict()`` with the optimizer's, and load it after both
were constructed.

Looks the same, but is right: rates that are computed from a global step; a scheduler
that is stepped to its place after a resume; ``ExponentialLR`` and others that only need
the rate; a new schedule for a new phase, made with other numbers or after the first
had come to its end.

Upstream: pytorch/torchtitan#275, lightly-ai/lightly-train#301, YehLi/xmodaler#15,
joeynmt/joeynmt#127, victoresque/pytorch-template#68, mpyrozhok/adamwr#7,
meta-pytorch/torchtune#2730
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.replay import (
    begins_anew,
    begins_anew_unseen,
    replayed_by_hand,
)
from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule
from lrscope.audit.rules.resume import CONSEQUENCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.resumption import Resumption
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Resumption]:
    return [each for each in case.resumptions if each.before or each.loads]


def _judge(resumption: Resumption) -> Iterator[Finding]:
    throughout = resumption.optimizer.throughout
    for each in resumption.schedulers:
        if begins_anew(each) and not each.was_saved:
            wrong = each.wrong()
            yield RULE.found(
                each,
                f"{each.scheduler.called} began at position {each.start} after the "
                f"resume; it had come to {each.due_in_words} before",
                cause="its state was not in the checkpoint: scheduler.state_dict() "
                "was not called before",
                fix="save scheduler.state_dict() and load it after construction",
                steps=throughout,
                evidence={
                    "position": each.start,
                    "due": each.due,
                    "wrong_updates": None if wrong is None else int(wrong.sum()),
                },
            )
        lacks = begins_anew_unseen(each)
        if lacks:
            yield RULE.found(
                each,
                f"{each.scheduler.called} began at position {each.start} and took "
                f"{each.scheduler.steps} steps; the optimizer's state brought "
                f"{resumption.load and resumption.load.steps:g} updates with it, and "
                "both together are its length",
                cause="its state was not loaded",
                fix="save scheduler.state_dict() and load it after construction",
                steps=throughout,
                evidence={"position": each.start, "due": lacks},
            )
    if not any(each.scheduler.steps for each in resumption.schedulers):
        count, plans = replayed_by_hand(resumption), resumption.optimizer.plans
        if count:
            yield RULE.found(
                resumption,
                f"the first {count} updates after the resume have the rates of the "
                "first updates of the whole training, one by one",
                cause="driver.load_state_dict() was not called in this segment"
                if plans
                else "what the rates are computed from starts at 0 again",
                fix="save driver.state_dict() and load it after drive()"
                if plans
                else "save the number of steps or epochs and go on from it",
                steps=(0, count - 1),
                where=distinct(*(each.where for each in plans), *resumption.where),
                evidence={"same_updates": count},
            )


RULE = Rule(
    code="LR301",
    name="sched-state-not-saved",
    severity=WARNING,
    page=__doc__,
    needs="a training that was given a saved state, or a later segment",
    subjects=_subjects,
    judge=_judge,
    explains=CONSEQUENCES,
)
