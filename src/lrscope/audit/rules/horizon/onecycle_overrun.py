"""OneCycleLR was stepped more often than ``total_steps`` and raised an error.

What it means: the training ended with the ValueError that OneCycleLR raises when it is
stepped past its end.

Why it matters: it happens in the last epoch, hours into the run, and what was not saved
is lost.

Usual causes: ``steps_per_epoch`` is a constant or is computed by dividing sample counts
and forgets the last, smaller batch; the scheduler is stepped once more after an epoch.

What to do: use ``len(loader)`` for ``steps_per_epoch``, rounded up where batches are
accumulated.

Looks the same, but is right: a run that stops exactly on time.

Upstream: A4Bio/PiFold#6, flairNLP/flair#2954, vLAR-group/GrowSP#11,
pytorch/pytorch#38170
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.early import early_updates
from lrscope.audit.facts.overrun import overran
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if each.made_of("OneCycleLR") and each.horizon and each.training.process.ended
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    if not overran(scheduler):
        return
    ending, total = scheduler.training.ending, scheduler.horizon_steps
    epochs = scheduler.epochs
    each = epochs.calls_per_pass if epochs else None
    planned = f"; a pass has {each} updates" if each else ""
    early = early_updates(scheduler)
    planned += f"; {early.cause}" if early else ""
    yield RULE.found(
        scheduler,
        f"the run ended with an error when OneCycleLR was stepped past its "
        f"{total} steps: {ending.message}",
        cause=f"total_steps={total} is less than the steps of the run{planned}",
        fix=early.fix if early else "compute total_steps from len(loader)",
        steps=(scheduler.updates - 1,) * 2,
        evidence={"total_steps": total, "updates_per_pass": each},
    )


RULE = Rule(
    code="LR204",
    name="onecycle-overrun-crash",
    severity=ERROR,
    page=__doc__,
    needs="a OneCycleLR, and the end of the process",
    subjects=_subjects,
    judge=_judge,
)
