"""ReduceLROnPlateau decided by an old metric.

What it means: it was stepped again with exactly the same number, though the model was
trained and not evaluated in between, or always with the same number; or the metric was
not there.

Why it matters: an old number is no improvement, so it uses the patience up: the rate is
cut too early.

Usual causes: the scheduler is stepped every epoch, the validation runs every few
epochs and leaves its number in a variable; a callback that expects a metric of each
epoch.

What to do: step it where the metric is computed.

Looks the same, but is right: a metric that has few values, such as an accuracy on a
hundred examples, and is the same by chance; a model that has stopped to learn.

Upstream: Lightning-AI/pytorch-lightning#8839, Lightning-AI/pytorch-lightning#1598,
Lightning-AI/pytorch-lightning#20829
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.plateau import Plateau, plateaus
from lrscope.audit.finding import ERROR, INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

CONSTANT = 6
"""Metrics that are one number, for that to be said."""
UNAVAILABLE = "ReduceLROnPlateau conditioned on metric"
"""What Lightning says when the metric is not there."""


def _subjects(case: Case) -> list[Plateau]:
    return [each for each in plateaus(case) if each.metrics.size >= 4 or _missed(each)]


def _missed(plateau: Plateau) -> str | None:
    message = plateau.scheduler.training.ending.message
    return message if UNAVAILABLE in message else None


def _judge(plateau: Plateau) -> Iterator[Finding]:
    scheduler, metrics = plateau.scheduler, plateau.metrics
    missed = _missed(plateau)
    if missed:
        yield RULE.found(
            scheduler,
            f"the run ended because the metric was not there: {missed}",
            cause="the metric is not computed in each epoch",
            fix="step the scheduler where the metric is computed",
            severity=ERROR,
        )
        return
    if metrics.size >= CONSTANT and np.all(metrics == metrics[0]):
        yield RULE.found(
            scheduler,
            f"the metric was {metrics[0]:.6g} at each of the {metrics.size} steps of "
            f"{scheduler.class_name}",
            cause="what it is given does not follow the training: a number that is set "
            "once, a best value, or a metric that this model does not move",
            fix="give it the number that each pass computes, and see that it moves",
            severity=INFO,
            evidence={"metrics": metrics.size, "patience": plateau.patience},
        )
        return
    updates = scheduler.updates_before_metrics[: metrics.size]
    again = (metrics[1:] == metrics[:-1]) & (updates[1:] > updates[:-1])
    if again.sum() < 3:
        return
    stale = _without_validation(scheduler, again)
    if stale is None:
        stale = again if _in_blocks(again, metrics) else np.zeros_like(again)
    times = int(stale.sum())
    if times < 3:
        return
    yield RULE.found(
        scheduler,
        f"{times} of {metrics.size} steps of {scheduler.class_name} repeated the "
        "metric of the step before, though the model was trained in between",
        cause="it is stepped more often than the metric is computed",
        fix="step the scheduler where the metric is computed",
        evidence={"repeated": times, "patience": plateau.patience},
    )


def _without_validation(
    scheduler: Scheduler, again: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """Return the repeats before which nothing was validated; None if that is unseen."""
    process = scheduler.training.process
    idle = np.array([p.first for p in process.passes if not p.steps], np.int64)
    if idle.size < 2:
        return None
    rows = scheduler.training.arguments_of(scheduler.number)[0]
    passes = np.searchsorted(idle, rows[: again.size + 1], side="right")
    seen = passes[1:] > passes[:-1]
    if not (seen & ~again).any():  # these passes are not where the metric is from
        return None
    return again & ~seen


def _in_blocks(again: NDArray[np.bool_], metrics: NDArray[np.float64]) -> bool:
    """Say whether numbers come in blocks of one length, as by a clock.

    Ties by chance come at any place.
    """
    firsts = np.flatnonzero(np.concatenate(([True], ~again)))
    lengths = np.diff(firsts)
    if lengths.size < 4:
        return False
    usual = int(np.median(lengths))
    regular = (lengths[1:] == usual).mean() > 0.9
    return bool(usual > 1 and regular and np.unique(metrics).size > lengths.size * 0.7)


RULE = Rule(
    code="LR506",
    name="plateau-stale-or-missing-monitor",
    severity=WARNING,
    page=__doc__,
    needs="a ReduceLROnPlateau with four metrics or more",
    subjects=_subjects,
    judge=_judge,
)
