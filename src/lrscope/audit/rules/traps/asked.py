"""``get_lr()`` was called to read the rate.

What it means: the program asked ``scheduler.get_lr()`` outside of a step. That is not
the rate in use: torch's schedulers answer with what one more step would make of it.

Why it matters: the log shows a decay twice at each milestone, or a curve that is one
step ahead; people search for a mistake that is not in the training.

Usual causes: code from torch 1.3 or earlier, where it was the way to read the rate.

What to do: ``scheduler.get_last_lr()``, or ``optimizer.param_groups[0]["lr"]``.

Looks the same, but is right: schedulers whose ``get_lr`` only computes the rate of
their own step, such as LambdaLR and OneCycleLR (info), and those of one's own.

Upstream: pytorch/pytorch#22107, pytorch/pytorch#20486, pytorch/pytorch#31871,
pytorch/pytorch#67426, pytorch/pytorch#120716, ivadomed/ivadomed#214
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

AHEAD = (
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "MultiplicativeLR",
    "LinearLR",
    "ConstantLR",
    "PolynomialLR",
    "CosineAnnealingLR",
)
"""Schedulers of torch that multiply the rate before, whenever they are asked."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.schedulers
        if each.event.module.startswith("torch.optim") or _asked(each)
    ]


def _asked(scheduler: Scheduler) -> dict[int, tuple[str, int] | None]:
    """Return the items that say that it, or a part of it, was asked; with lines."""
    own = {each.scheduler for each in scheduler.parts}
    items = scheduler.training.process.history.items("lr_asked")
    return {
        number: (str(item["where"][0]), int(item["where"][1]))
        if item["where"]
        else None
        for number, item in items.items()
        if item["scheduler"] in own
    }


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    asked = _asked(scheduler)
    times = scheduler.training.tally.total(asked)
    if not times:
        return
    ahead = scheduler.made_of(*AHEAD)
    yield RULE.found(
        scheduler,
        f"{scheduler.class_name}.get_lr() was called {times} time"
        f"{'s' * (times != 1)}: it does not tell the rate in use",
        cause="get_lr() answers what one more step would make of the rate"
        if ahead
        else "get_lr() is meant for the scheduler itself",
        fix="scheduler.get_last_lr()",
        severity=WARNING if ahead and scheduler.steps else INFO,
        where=tuple(dict.fromkeys(filter(None, asked.values()))),
        evidence={"calls": times},
    )


RULE = Rule(
    code="LR606",
    name="get_lr-used-for-reading",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler of torch",
    subjects=_subjects,
    judge=_judge,
)
