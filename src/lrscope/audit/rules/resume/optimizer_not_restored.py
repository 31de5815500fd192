"""The scheduler went on where it was, the optimizer's rate did not.

What it means: the scheduler's state was loaded, the optimizer's was not, and the first
update ran at the initial rate instead of the one that the scheduler had last set.

Why it matters: most schedulers multiply the rate that they find. They are at the right
position and stay at a wrong rate for good.

Usual causes: the optimizer's state is left out of the checkpoint to save space.

What to do: save and load the optimizer's state, or set the rates to
``scheduler.get_last_lr()`` after loading.

Looks the same, but is right: schedulers that compute the rate anew at each step
(``LambdaLR``, ``OneCycleLR``) are wrong for one update only, which is reported as
information; programs that set the rate themselves; a new base rate on purpose.

Upstream: pytorch/pytorch#29697, IntelLabs/distiller#145, IntelLabs/distiller#70
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.nearness import are_near
from lrscope.audit.finding import ERROR, INFO, WARNING
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
        if each.load is not None and not each.resumption.loads and each.counts
        if each.scheduler.event.how == "constructed"
    ]


def _judge(continued: Continued) -> Iterator[Finding]:
    first, restored = continued.first_rates, continued.rates_loaded
    if not first or not restored or continued.stepped_since_loading:
        return
    made = list(continued.resumption.made_with)
    if are_near(first, restored) or not continued.start:
        return
    wrong = continued.wrong()
    count = _until_first_step(continued) if wrong is None else int(wrong.sum())
    severity = WARNING
    if continued.has_new_base or count <= 1:
        severity = INFO
    elif wrong is not None and wrong.mean() > 0.5:
        severity = ERROR
    yield RULE.found(
        continued,
        f"{continued.scheduler.called} was restored to position {continued.start}, "
        f"where the rate is {restored[0]:.4g}, but the first update ran at "
        f"{first[0]:.4g}",
        cause="the state of the optimizer, which holds the rate, was not loaded",
        fix="save and load optimizer.state_dict() too, or set the rates to "
        "scheduler.get_last_lr()",
        severity=severity,
        steps=(0, max(0, count - 1)),
        evidence={
            "first_rates": first,
            "rates_loaded": restored,
            "constructed_with": made,
            "wrong_updates": count,
        },
    )


def _until_first_step(continued: Continued) -> int:
    """Count the updates before the scheduler was stepped, or all if it stays off."""
    before_step = int(np.sum(continued.now.at_updates == continued.start))
    group = continued.optimizer.groups[0]
    if before_step >= group.applied.size or not continued.rates_loaded:
        return before_step
    after, loaded = group.applied[before_step], continued.rates_loaded[0]
    first = group.applied[0]
    recovered = abs(after - loaded) < abs(after - first)
    return before_step if recovered else int(group.applied.size)


RULE = Rule(
    code="LR303",
    name="optimizer-not-restored-scheduler-is",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler that was given a saved state, on an optimizer that was not",
    subjects=_subjects,
    judge=_judge,
    explains=CONSEQUENCES,
)
