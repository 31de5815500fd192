"""The warm-up begins anew in every pass.

What it means: the rate rises within a pass over the data, drops to where it began when
the next pass begins, and rises by the very same values.

Why it matters: the rate never gets past what one pass of warm-up reaches, or is thrown
back to the floor again and again.

Usual causes: a warm-up written by hand that counts the batches of the current pass
instead of all updates.

What to do: count updates over the whole training.

Looks the same, but is right: CyclicLR and warm restarts; rates that fall within a pass
and jump up at the next.

Upstream: Vision-CAIR/MiniGPT-4#263
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.finding import ERROR
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.finding import Finding

CYCLES = ("CyclicLR", "CosineAnnealingWarmRestarts")
RAMP = 4
"""Updates that must rise in the same way."""


def _subjects(case: Case) -> list[Group]:
    return [
        each
        for each in case.groups
        if each.optimizer.epochs and each.optimizer.epochs.count > 1
        if each.applied.size == each.optimizer.calls.size
        if not any(s.made_of(*CYCLES) for s in each.optimizer.schedulers)
    ]


def _judge(group: Group) -> Iterator[Finding]:
    epochs, lr = group.optimizer.epochs, group.applied
    if epochs is None or epochs.starts[0] or min(epochs.calls[:2]) <= RAMP:
        return
    size = int(min(epochs.calls[0], epochs.calls[1]))
    ramp = _rising(lr[:size])
    restarts = [
        int(start)
        for start in epochs.starts[1:].tolist()
        if ramp > RAMP and start + ramp <= lr.size
        if np.allclose(lr[start : start + ramp], lr[:ramp], rtol=1e-3)
        if lr[start] < 0.7 * lr[start - 1]
    ]
    if not restarts or restarts[0] != epochs.starts[1]:
        return
    yield RULE.found(
        group,
        f"the rate rises from {lr[0]:.3g} to {lr[ramp - 1]:.3g} in a pass and starts "
        f"at {lr[restarts[0]]:.3g} again in the next, {len(restarts)} times",
        cause="the warm-up counts the batches of a pass, not the updates of the run",
        fix="count updates over all passes",
        steps=(restarts[0], restarts[-1]),
        evidence={"restarts": restarts[:20], "updates_per_pass": size},
    )


def _rising(lr: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """Return how many of the first rates rise."""
    fell = np.flatnonzero(~(np.diff(lr) > 0))
    return int(fell[0]) + 1 if fell.size else int(lr.size)


RULE = Rule(
    code="LR015",
    name="epoch-clock-resets-inside-warmup",
    severity=ERROR,
    page=__doc__,
    needs="two passes over a DataLoader, and rates that no cyclic scheduler sets",
    subjects=_subjects,
    judge=_judge,
)
