"""ReduceLROnPlateau can never cut the rate.

What it means: the metric stopped improving, and the rate stayed as it was: each cut is
smaller than ``eps``, or ``min_lr`` is not below the rate, or the patience is longer
than the whole run.

Why it matters: a scheduler that does nothing; the last part of the training, for which
the rate should fall, is missing.

Usual causes: a rate below 1e-8, the default of ``eps``; ``min_lr`` from another
configuration; a patience longer than that of early stopping.

What to do: ``eps=0``; a lower ``min_lr``; a patience of a tenth of the epochs.

Looks the same, but is right: a model that really improves until the end (no finding);
a rate that was cut until it came to its lowest value.

Upstream: pytorch/pytorch#11305, Lightning-AI/pytorch-lightning#673
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.plateau import Plateau, plateaus
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Plateau]:
    return [
        each
        for each in plateaus(case)
        if each.metrics.size >= 5
        and each.scheduler.optimizer
        and len(each.scheduler.optimizer.schedulers) == 1
    ]


def _judge(plateau: Plateau) -> Iterator[Finding]:
    groups = plateau.scheduler.groups
    if any(each.changes.size for each in groups) or not groups:
        return
    before, calls = plateau.scheduler.updates_before_metrics, plateau.scheduler.calls
    acted = [each for each in plateau.decided.cuts if before[each] < calls.size]
    rate = max(float(each.applied[-1]) for each in groups)
    because = _why(plateau, rate) if acted else _too_patient(plateau)
    if because is None:
        return
    cause, fix = because
    yield RULE.found(
        plateau.scheduler,
        f"{plateau.scheduler.class_name} never changed the rate {rate:.3g}: "
        + (
            f"it decided {len(acted)} times to cut it"
            if acted
            else f"{plateau.decided.bad} evaluations at the end were no improvement"
        ),
        cause=cause,
        fix=fix,
        evidence={"cuts_due": len(acted), "evaluations": int(plateau.metrics.size)},
    )


def _why(plateau: Plateau, rate: float) -> tuple[str, str] | None:
    """Return why cuts that were decided on had no effect."""
    if plateau.least >= rate:
        cause = f"min_lr={plateau.least:g} is not below the rate"
        return cause, "choose a lower min_lr"
    cut = rate - max(rate * plateau.factor, plateau.least)
    if cut <= plateau.eps:
        cause = (
            f"a cut of {cut:.3g} is not above eps={plateau.eps:g}, so it is left out"
        )
        return cause, "ReduceLROnPlateau(…, eps=0)"
    return None


def _too_patient(plateau: Plateau) -> tuple[str, str] | None:
    """Return why no cut was decided on, if the patience is longer than the run."""
    count, values = plateau.metrics.size, plateau.metrics
    ending = plateau.scheduler.training.ending
    if plateau.patience < count or not ending.in_order or ending.asked_for:
        return None
    best = np.argmin(values) if plateau.mode == "min" else np.argmax(values)
    stalled = count - 1 - int(best)
    if stalled < max(5, count // 2) or np.isnan(values).any():
        return None
    cause = f"patience={plateau.patience} is longer than the run of {count} evaluations"
    return cause, "choose a patience of a tenth of the evaluations"


RULE = Rule(
    code="LR505",
    name="plateau-never-fires-other",
    severity=WARNING,
    page=__doc__,
    needs="a ReduceLROnPlateau that alone sets the rate, with five metrics or more",
    subjects=_subjects,
    judge=_judge,
)
