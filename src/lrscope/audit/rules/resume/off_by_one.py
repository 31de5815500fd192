"""After the resume the schedule is a step behind, or ahead.

What it means: the scheduler went on one step before or after the place where it would
have been without the interruption; a rate is used twice, or one is left out.

Why it matters: with a schedule by epoch a whole epoch runs at the wrong rate, and every
resume adds another.

Usual causes: the checkpoint is written before ``scheduler.step()``; the restored number
of the epoch is one too low or too high.

What to do: step the scheduler, then save; test a resume against an uninterrupted run.

Looks the same, but is right: work that was lost when the job was killed, and is done
again; schedules that keep a rate for many epochs.

Upstream: Lightning-AI/pytorch-lightning#1772, Lightning-AI/pytorch-lightning#4655,
Lightning-AI/pytorch-lightning#20495, huggingface/transformers#34053,
ultralytics/ultralytics#9468
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.curve import used_up
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Continued]:
    return [each for each in case.continued if each.due is not None]


def _judge(continued: Continued) -> Iterator[Finding]:
    due, start = continued.due, continued.start
    usual = max(1, continued.scheduler.per_call)
    if due is None or not 0 < abs(start - due) <= usual or not continued.is_restored:
        return
    if continued.has_other_length or continued.has_new_base:
        return
    wrong, shifted = continued.wrong(), continued.wrong(start)
    if shifted is not None and shifted.mean() > 0.1:
        return
    count = used_up(continued) if wrong is None else int(wrong.sum())
    where = "behind" if start < due else "ahead"
    yield RULE.found(
        continued,
        f"{continued.scheduler.called} went on from position {start} after the resume; "
        f"without it the next update would have been at {due}: "
        f"{abs(start - due)} step {where}",
        cause="the state was saved before the scheduler was stepped"
        if start < due
        else "the scheduler is stepped once more when training is resumed",
        fix="save after scheduler.step(), and go on with the next epoch or update",
        severity=WARNING if count else INFO,
        steps=continued.optimizer.throughout,
        evidence={"position": start, "due": due, "wrong_updates": count},
    )


RULE = Rule(
    code="LR308",
    name="resume-off-by-one",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler of a resumed training, and where the earlier part was saved",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-longer-than-run", "schedule-shorter-than-run"),
)
