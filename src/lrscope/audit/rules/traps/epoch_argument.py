"""A scheduler was told its step, and is not where one thinks.

What it means: ``scheduler.step(epoch)`` sets the scheduler to that step, with another
formula than ``step()`` has. The numbers that it was given lag behind the training, or
are no count of steps at all.

Why it matters: given the number of the epoch that just ended, every decay comes one
epoch late; given a loss, the rate jumps about.

Usual causes: code from torch 1.0, where ``step(epoch)`` stood at the beginning of the
epoch; ``step(val_loss)`` kept when ReduceLROnPlateau was replaced.

What to do: ``scheduler.step()`` after each epoch.

Looks the same, but is right: ``step(epoch)`` before the epoch (info, deprecated);
``step(epoch + 1)`` after it (info); fractions of an epoch with
CosineAnnealingWarmRestarts; schedulers of timm and ignite.

Upstream: pytorch/pytorch#20527, pytorch/pytorch#21623, pytorch/pytorch#31828,
pytorch/pytorch#36913, pytorch/pytorch#55135, pytorch/pytorch#116776
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.site import distinct, site_of
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

MEANT_FOR_IT = ("CosineAnnealingWarmRestarts", "ReduceLROnPlateau")


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.driving
        if each.event.module.startswith("torch.optim")
        if each.class_name not in MEANT_FOR_IT
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    told = scheduler.metrics
    if not told.size:
        return
    harm = _harm(scheduler)
    told_by = [each for each in scheduler.items.values() if "argument" in each]
    yield RULE.found(
        scheduler,
        f"{scheduler.class_name} was told its step {told.size} times: {told[0]:g} "
        f"first, {told[-1]:g} last"
        + (f"; {harm[0]}" if harm else "; it agrees with the training"),
        cause=harm[1] if harm else "scheduler.step(epoch) is deprecated",
        fix="scheduler.step() without an argument",
        severity=WARNING if harm else INFO,
        where=tuple(sorted(distinct(*map(site_of, told_by)))) or None,
        evidence={"arguments": told[:10].tolist()},
    )


def _harm(scheduler: Scheduler) -> tuple[str, str] | None:
    """Return what is wrong with the numbers, and why; None if they may be right."""
    told, updates = scheduler.metrics, scheduler.updates_before_metrics
    finite = told[np.isfinite(told)]
    if finite.size < told.size or (np.diff(told) < 0).sum() > 0.1 * told.size:
        return "the numbers do not rise", "it was given a metric, not a step"
    begun = scheduler.event.attributes.get("last_epoch")
    if told[0] == begun and updates[0] > 0 and told.size > 1 and told[-1] > told[0]:
        return (
            "its first step, after training, left it where it was",
            "it is told the epoch that has ended, not the one that begins",
        )
    plain = scheduler.steps - told.size
    if plain > 2 and told.size > 2:
        return (
            f"beside {plain} steps without a number",
            "each step(epoch) sets it back to that epoch",
        )
    return None


RULE = Rule(
    code="LR607",
    name="step-with-epoch-argument",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler of torch that was stepped and is not meant to be told its step",
    subjects=_subjects,
    judge=_judge,
)
