"""The rate that is shown is the one of the next update.

What it means: the program shows the rate after ``scheduler.step()``. That is what the
next update will use, not what the last one used.

Why it matters: a curve one step ahead; at a restart it shows the peak where the lowest
rate was used.

Usual causes: the line that shows it stands after the line that steps.

What to do: read the rate before ``scheduler.step()``.

Looks the same, but is right: a log that means the next rate, and says so. So this is
information.

Upstream: huggingface/transformers#28124, huggingface/transformers#35942,
huggingface/transformers#36973, skorch-dev/skorch#626, fastai/fastai#1511
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.readout import shown, shown_after_step
from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.driving if shown(each)[0]]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    found = shown_after_step(scheduler)
    changes = max((int(each.changes.size) for each in scheduler.groups), default=0)
    if not found or not changes:
        return
    yield RULE.found(
        scheduler,
        f"the rate is shown after {scheduler.class_name} was stepped: where it "
        f"changes, {changes} times, that is the rate of the next update",
        cause="the line that shows it stands after the line that steps",
        fix="read the rate before scheduler.step()",
        where=distinct(*(each.where for each in found)),
        evidence={"changes": changes},
    )


RULE = Rule(
    code="LR701",
    name="logged-lr-is-next-step",
    severity=INFO,
    page=__doc__,
    needs="a scheduler, and its unchanged source with a line that shows the rate",
    subjects=_subjects,
    judge=_judge,
)
