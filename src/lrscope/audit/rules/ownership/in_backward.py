"""Every parameter has an optimizer of its own, stepped inside backward.

What it means: there are many optimizers with one parameter each; hooks step them while
gradients are computed, to save the memory of the gradients.

Why it matters: they update at every backward call, whatever accumulation the loop
does, and so do their schedulers; the rate that the outer optimizer shows is a dummy.

Usual causes: layer-wise GaLore, LOMO and other recipes that train inside backward.

What to do: do not accumulate with them; count their schedules in backward calls.

Looks the same, but is right: such recipes without accumulation, and a loop that steps
many optimizers after each backward call (info).

Upstream: jiaweizzhao/GaLore#78, modelscope/ms-swift#10143,
huggingface/transformers#30371, huggingface/transformers#31710
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.training import Training
    from lrscope.audit.finding import Finding

MANY = 20
"""Optimizers from which on nobody made them one by one."""


def _subjects(case: Case) -> list[list[Optimizer]]:
    return [found for each in case.trainings if (found := _together(each))]


def _together(training: Training) -> list[Optimizer]:
    """Return those that step once per backward call, in the company of many."""
    small = [
        each
        for each in training.optimizers_called
        if each.event and sum(g.tensors for g in each.event.groups) == 1
        if each.backward_per_call == 1
    ]
    if len(small) <= MANY:
        return []
    items = training.process.history.items("backward")
    backward = np.cumsum(training.tally.per_row(items))
    company = np.bincount(np.concatenate([backward[each.calls] for each in small]))
    return [e for e in small if np.median(company[backward[e.calls]]) > MANY]


def _judge(small: list[Optimizer]) -> Iterator[Finding]:
    first = small[0]
    waits = _waits(first.training, small)
    yield RULE.found(
        first,
        f"{len(small)} optimizers hold one parameter each and are stepped "
        f"{first.calls.size} times, once for each backward call"
        + (f" and {waits} times for each step of the loop" if waits > 1 else ""),
        cause="hooks step them inside backward"
        + (
            ", which knows nothing of the accumulation"
            if waits > 1
            else ", or a loop does after it"
        ),
        fix="do not accumulate with them; count their schedules in backward calls",
        severity=WARNING if waits > 1 else INFO,
        evidence={"optimizers": len(small)},
    )


def _waits(training: Training, small: list[Optimizer]) -> int:
    """Return the backward calls for each step of the loop's own optimizer."""
    usual = float(np.median([each.calls.size for each in small]))
    called = [int(each.calls.size) for each in training.optimizers_called]
    rarer = [each for each in called if 1.5 * each < usual]
    return round(usual / rarer[0]) if len(rarer) == 1 else 1


RULE = Rule(
    code="LR420",
    name="per-parameter-optimizers-in-backward",
    severity=INFO,
    page=__doc__,
    needs=f"more than {MANY} optimizers with one parameter each, all stepped at each "
    "backward call",
    subjects=_subjects,
    judge=_judge,
)
