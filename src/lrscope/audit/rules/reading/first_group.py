"""Only the rate of one group is shown, and the others have other rates.

What it means: the program shows ``param_groups[0]["lr"]`` or ``get_last_lr()[0]``, and
the groups of the optimizer were updated with different rates.

Why it matters: the curve is that of the biases or of the backbone, and is taken for the
rate of the model.

Usual causes: a line from a script with one group.

What to do: show one rate for each group.

Looks the same, but is right: groups with one rate (no finding); a first group that is
meant. So this is information.

Upstream: open-mmlab/mmengine#482, chenyuntc/simple-faster-rcnn-pytorch#21,
CarperAI/trlx#147
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.readout import shown
from lrscope.audit.facts.site import distinct
from lrscope.audit.finding import INFO
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [each for each in case.driving if len(each.groups) > 1 and shown(each)[0]]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    found, goes_round = shown(scheduler)
    picked = {each.index for each in found}
    groups = scheduler.groups
    if goes_round or len(picked) != 1 or None in picked:
        return
    lasts = {each.group_name: float(each.applied[-1]) for each in groups}
    peaks = np.array([each.peak for each in groups])
    if np.allclose(peaks, peaks[0], rtol=1e-6, equal_nan=True):
        return
    yield RULE.found(
        scheduler,
        f"of {len(groups)} groups with different rates only group {picked.pop()} is "
        "shown",
        cause="the line that shows the rate picks one group",
        fix="show the rate of each group",
        where=distinct(*(each.where for each in found)),
        evidence={"last_rates": lasts},
    )


RULE = Rule(
    code="LR702",
    name="only-first-group-logged",
    severity=INFO,
    page=__doc__,
    needs="several groups, and an unchanged source with a line that shows a rate",
    subjects=_subjects,
    judge=_judge,
)
