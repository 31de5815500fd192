"""ReduceLROnPlateau waits for the metric to go the other way.

What it means: the metric improved, but by ``mode`` it became worse: an accuracy that
rises under ``mode="min"``, or a loss that falls under ``mode="max"``.

Why it matters: every epoch counts as one without improvement; the rate is cut again
and again while the training goes well.

Usual causes: ``mode`` was left at its default, "min"; the metric was changed and the
mode was not.

What to do: ``mode="max"`` for an accuracy, ``mode="min"`` for a loss.

Looks the same, but is right: a metric that really becomes worse, as the loss of an
overfitted model does. Where the name of the argument tells neither a loss nor an
accuracy, what settles within 0 and 1, or as a percentage, is a warning only.

Upstream: FunctionLab/selene#115, md-mohaiminul/ViS4mer#4
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.plateau import Plateau, plateaus
from lrscope.audit.facts.source import argument_at
from lrscope.audit.facts.trend import better_by_name, rank_correlation, settles_upward
from lrscope.audit.finding import ERROR, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.finding import Finding

RISES = 0.3
"""Correlation with time from which on a metric went the other way, known by name."""


SHARE = 10
"""A percentage of which it is the most is none that a training is proud of."""


def _subjects(case: Case) -> list[Plateau]:
    return [each for each in plateaus(case) if each.metrics.size >= 5]


def _judge(plateau: Plateau) -> Iterator[Finding]:
    scheduler = plateau.scheduler
    worse = plateau.metrics if plateau.mode == "min" else -plateau.metrics
    started = scheduler.training.started
    name = next((argument_at(s, started) for s in scheduler.sites), None)
    meant = better_by_name(name)
    against = meant is not None and meant != plateau.mode
    if meant == plateau.mode or not plateau.decided.cuts:
        return
    rises = rank_correlation(worse)
    if not (rises >= RISES if against else _looks_turned(plateau, worse)):
        return
    other = "max" if plateau.mode == "min" else "min"
    better = "higher" if other == "max" else "lower"
    first, last = plateau.metrics[0], plateau.metrics[-1]
    cuts = len(plateau.decided.cuts)
    yield RULE.found(
        scheduler,
        f'mode="{plateau.mode}" took a metric that went from {first:.3g} to {last:.3g} '
        f"for one that becomes worse: it cut the rate {cuts} times",
        cause=f"{name or 'the metric'} is better the {better} it is"
        if against
        else f"{name or 'the metric'} moves like one that is better the {better} it is",
        fix=f'ReduceLROnPlateau(…, mode="{other}")'
        + ("" if against else "; if it is one that really became worse, all is well"),
        severity=ERROR if against else WARNING,
        evidence={
            "metrics": [float(each) for each in plateau.metrics[:20]],
            "correlation_with_time": rises,
            "cuts": cuts,
        },
    )


def _looks_turned(plateau: Plateau, worse: NDArray[np.float64]) -> bool:
    """Say whether numbers of an unknown name are of the kind the mode is not meant for.

    What rises under "min" must look like a share or a percentage that settles; what
    falls under "max" like a loss: never negative, best at the first evaluation, less
    than half of it at the end.
    """
    values = plateau.metrics
    if values.min() < 0:
        return False
    if plateau.mode == "max" and values.argmax() == 0:
        quarter = values[-max(1, values.size // 4) :].mean()
        return bool(quarter < 0.5 * values[0])
    if plateau.mode == "min" and not (values.max() <= 1 or SHARE < values.max() <= 100):
        return False
    return settles_upward(worse)


RULE = Rule(
    code="LR502",
    name="plateau-wrong-mode",
    severity=ERROR,
    page=__doc__,
    needs="a ReduceLROnPlateau with five metrics or more",
    subjects=_subjects,
    judge=_judge,
    explains=("lr-decays-too-fast", "plateau-per-batch"),
)
