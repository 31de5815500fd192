"""The scheduler's state was saved, but not loaded again.

What it means: ``scheduler.state_dict()`` was taken in the earlier segment and the
optimizer's state was loaded in this one, yet the scheduler started at position 0.

Why it matters: the schedule starts over while everything else goes on; the only sign is
often one line among thousands.

Usual causes: a loader that found another number of objects than were registered, and
skipped them; a branch of the resuming code that is not taken; a key that is not there.

What to do: load the state, and fail if it is missing or does not fit.

Looks the same, but is right: as for sched-state-not-saved.

Upstream: huggingface/accelerate#1563
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.replay import begins_anew
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule
from lrscope.audit.rules.resume import CONSEQUENCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.continued import Continued
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Continued]:
    return [each for each in case.continued if each.before and each.counts]


def _judge(continued: Continued) -> Iterator[Finding]:
    if not (begins_anew(continued) and continued.was_saved):
        return
    yield RULE.found(
        continued,
        f"{continued.scheduler.called} began at position {continued.start} after the "
        f"resume; it had come to {continued.due_in_words} before, and its state was "
        "taken there",
        cause="scheduler.load_state_dict() was not called in this segment",
        fix="load the scheduler's state; make a missing one an error",
        steps=continued.optimizer.throughout,
        evidence={"position": continued.start, "due": continued.due},
    )


RULE = Rule(
    code="LR310",
    name="state-silently-skipped",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler of a resumed training whose earlier part was recorded",
    subjects=_subjects,
    judge=_judge,
    explains=CONSEQUENCES,
)
