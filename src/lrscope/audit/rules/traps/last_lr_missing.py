"""``get_last_lr()`` was asked of a scheduler that has none.

What it means: the run ended with an AttributeError about ``get_last_lr`` or
``_last_lr``.

Why it matters: a run that ends in its logging.

Usual causes: torch before 2.2 with ReduceLROnPlateau, before 1.13 with SequentialLR or
ChainedScheduler; a scheduler of one's own that does not call ``super().__init__()``.

What to do: read ``optimizer.param_groups[0]["lr"]``; or update torch.

Looks the same, but is right: nothing.

Upstream: pytorch/pytorch#50715, pytorch/pytorch#104687, pytorch/pytorch#69794,
pytorch/pytorch#68820, huggingface/transformers#23934
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrscope.audit.facts.site import distinct, site_of
from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

MISSING = re.compile(r"'(\w+)' object has no attribute '(get_last_lr|_last_lr)'")


def _subjects(case: Case) -> list[Optimizer]:
    return [
        training.optimizers_called[0]
        for training in case.trainings
        if training.optimizers_called and training.process.ended
    ]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    ending = optimizer.training.ending
    found = MISSING.search(ending.message)
    if found is None or ending.error != "AttributeError":
        return
    yield RULE.found(
        optimizer,
        f"the run ended because {found[1]} has no {found[2]}",
        cause="not every scheduler keeps the rate that it wrote last",
        fix='optimizer.param_groups[0]["lr"]',
        where=distinct(site_of(ending.exception or {})) or None,
        evidence={"exception": ending.exception},
    )


RULE = Rule(
    code="LR608",
    name="get_last_lr-missing",
    severity=ERROR,
    page=__doc__,
    needs="a run that has ended, with an optimizer that was stepped",
    subjects=_subjects,
    judge=_judge,
)
