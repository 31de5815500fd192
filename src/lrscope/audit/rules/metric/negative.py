"""A relative threshold with a negative metric lets nothing count as a plateau.

What it means: the best metric is negative, and ReduceLROnPlateau multiplies it by
1 − threshold to know what counts as an improvement. That moves the mark the wrong way:
a metric that stays where it is counts as better.

Why it matters: nothing improves, and the rate is not cut.

Usual causes: a log-likelihood, a reward, a correlation or an energy as a loss, with
``threshold_mode="rel"``, which is the default.

What to do: ``threshold_mode="abs"``.

Looks the same, but is right: a negative metric that goes on improving (no finding);
``threshold_mode="abs"``; a threshold of 0.

Upstream: pytorch/pytorch#47513, pytorch/pytorch#38622
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.audit.facts.plateau import Plateau, plateaus
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Plateau]:
    return [each for each in plateaus(case) if each.is_relative and each.threshold]


def _judge(plateau: Plateau) -> Iterator[Finding]:
    best = plateau.decided.best
    if not best < 0:
        return
    done, due = plateau.decided.cuts, plateau.intended.cuts
    late = len(due) > len(done) or (due and due[0] < done[0])
    lost = len(due) - len(done)
    yield RULE.found(
        plateau.scheduler,
        f"the metric is negative (best {best:.4g}): what stays where it is counts as "
        f"an improvement" + (f"; {lost} cuts were not made" if lost > 0 else ""),
        cause='threshold_mode="rel" multiplies a negative number',
        fix='ReduceLROnPlateau(…, threshold_mode="abs")',
        severity=WARNING if late else INFO,
        evidence={"best": best, "cuts": len(done), "cuts_due": len(due)},
    )


RULE = Rule(
    code="LR504",
    name="plateau-negative-metric",
    severity=WARNING,
    page=__doc__,
    needs="a ReduceLROnPlateau with a relative threshold and metrics",
    subjects=_subjects,
    judge=_judge,
    explains=("plateau-never-fires-other",),
)
