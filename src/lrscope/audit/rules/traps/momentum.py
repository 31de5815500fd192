"""The scheduler changes the momentum as well.

What it means: ``momentum`` or ``betas[0]`` moved while a OneCycleLR or CyclicLR set the
rate: ``cycle_momentum`` is on unless it is switched off.

Why it matters: 1cycle wants it. Who chose beta 1 on purpose did not get it.

Usual causes: the default ``cycle_momentum=True``. CyclicLR refuses an optimizer without
a momentum, and ends the run.

What to do: ``cycle_momentum=False`` if the momentum is to stay as it is.

Looks the same, but is right: 1cycle as its authors describe it (this is information).

Upstream: pytorch/pytorch#73910, deepspeedai/DeepSpeed#8589, deepspeedai/DeepSpeed#8495
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

NAMES = ("momentum", "betas[0]")


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.driving if each.made_of("OneCycleLR", "CyclicLR")]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    for group in scheduler.groups:
        for name in NAMES:
            if name not in group.track.settings:
                continue
            values = group.track.setting(name)
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            if low < high:
                yield RULE.found(
                    group,
                    f"{name} moved between {low:.4g} and {high:.4g}",
                    cause=f"{scheduler.class_name} cycles it: cycle_momentum is on",
                    fix="cycle_momentum=False if it is to stay as it is",
                    where=scheduler.where,
                    evidence={"name": name, "lowest": low, "highest": high},
                )


RULE = Rule(
    code="LR612",
    name="momentum-cycled-with-lr",
    severity=INFO,
    page=__doc__,
    needs="a OneCycleLR or CyclicLR that was stepped",
    subjects=_subjects,
    judge=_judge,
)
