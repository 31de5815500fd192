"""The rate jumped at the resume, because the schedule was computed anew.

What it means: the position was restored, but the schedule has another length than in
the earlier segment, and so another rate at that position.

Why it matters: the rate is thrown back up, or falls at once, in the middle of training.

Usual causes: the schedule is made from the current number of epochs, the size of the
data, the batch size or the number of workers, one of which has changed.

What to do: keep the length of the first segment, or make the new schedule begin at the
rate where the old one ended.

Looks the same, but is right: longer runs whose rate goes on without a jump; a new
schedule for a training that had come to its end: information only.

Upstream: Nerogar/OneTrainer#1604, mlfoundations/open_clip#413, kohya-ss/sd-scripts#141,
huggingface/transformers#18070, huggingface/transformers#27749
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.jump import jump_of
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Continued]:
    return [
        each
        for each in case.continued
        if each.before is not None and each.counts and each.resumption.is_evident
    ]


def _judge(continued: Continued) -> Iterator[Finding]:
    if not continued.is_restored or continued.has_new_base:
        return
    if not continued.has_other_length:
        return
    jump = jump_of(continued)
    if jump is None:
        return
    before, now = continued.horizon_before, continued.horizon
    lengths = (
        f"{before.steps} steps long before the resume and is {now.steps} after it"
        if before and now
        else "made from other numbers before the resume"
    )
    yield RULE.found(
        continued,
        f"the rate jumped from {jump.before:.4g} to {jump.after:.4g} at the resume; "
        f"{continued.scheduler.class_name} was {lengths}",
        cause="the schedule was computed anew, only the position was restored",
        fix="make the schedule from the numbers of the first segment, or let the new "
        "one begin at the last rate",
        severity=INFO if continued.had_ended or jump.from_the_end else WARNING,
        steps=(0, jump.update),
        evidence={
            "rates": [jump.before, jump.after],
            "horizons": [before and before.steps, now and now.steps],
            "position": continued.start,
        },
    )


RULE = Rule(
    code="LR306",
    name="horizon-recomputed-on-resume",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler of a resumed training whose earlier part was recorded",
    subjects=_subjects,
    judge=_judge,
    explains=("first-update-at-lr-zero", "resume-off-by-one"),
)
