"""Two schedulers write the rate of one optimizer in the same updates.

What it means: both were stepped between the same updates. If one of them works its rate
out afresh at every step, what the other does is lost; else the rate is a product, and
SWALR does not keep the rate that it leads to.

Why it matters: a warm-up that is stepped all the time erases the decay, or the decay
is applied twice. Neither curve is the one that was meant.

Usual causes: a warm-up and the main scheduler are both stepped all the time; the
framework or engine steps a scheduler of its own.

What to do: make one of them: ``SequentialLR`` for one after the other,
``ChainedScheduler`` for products of such as multiply; or step each in its own phase.

Looks the same, but is right: products of schedulers that multiply, such as
ExponentialLR and MultiStepLR (info); a warm-up that is stepped in its phase only.

Upstream: pytorch/pytorch#13022, pytorch/pytorch#33416,
Lightning-AI/pytorch-lightning#8884, Lightning-AI/pytorch-lightning#11694,
Lightning-AI/pytorch-lightning#9788, QwenLM/Qwen3-Coder#381
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.nearness import are_two
from lrscope.audit.facts.number import is_number
from lrscope.audit.facts.plateau import Plateau, is_plateau
from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.writers import (
    begins_neutral,
    per_update,
    planned_rates,
    writes_afresh,
)
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Optimizer]:
    return [
        each
        for each in case.optimizers
        if each.updates
        if len(each.driven_by) + bool(each.plans) > 1
    ]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    if optimizer.plans:
        yield from (_beside_driver(optimizer, each) for each in optimizer.driven_by)
        return
    found = [_pair(optimizer, *pair) for pair in combinations(optimizer.driven_by, 2)]
    loud = [each for each in found if each is not None]
    if loud:
        yield max(loud, key=lambda each: each.severity)


def _beside_driver(optimizer: Optimizer, scheduler: Scheduler) -> Finding:
    return RULE.found(
        optimizer,
        f"{scheduler.called} was stepped {scheduler.steps} times beside a driver, "
        "which writes the rate of every step",
        cause="the driver writes last: the scheduler has no effect",
        fix="take out the scheduler and its step(), or the driver",
        where=distinct(*scheduler.where, optimizer.plans[0].where),
        evidence={"schedulers": [scheduler.class_name]},
    )


def _pair(optimizer: Optimizer, one: Scheduler, other: Scheduler) -> Finding | None:
    both = (per_update(optimizer, one.between) > 0) & (
        per_update(optimizer, other.between) > 0
    )
    together = np.flatnonzero(both)
    if together.size < 2:
        return None
    last = int(together[-1])
    lost = _lost(optimizer, one, other, last) or _lost(optimizer, other, one, last)
    twice = _same(one, other)
    driven_off = _driven_off(one, together) or _driven_off(other, together)
    told = f"{one.called} and {other.called}"
    fix = "put them into one SequentialLR, or step each in its own phase only"
    if one.follows_metric or other.follows_metric:  # SequentialLR refuses that
        fix = "step each in its own phase only, as the plateau after the warm-up"
    without = _without_one(optimizer) if twice else None
    if lost:
        cause = f"{lost.class_name} works its rate out afresh and forgets the other's"
    elif without:
        cause = f"both do the same to {optimizer.name}, and {without} has none"
        fix = f"make one of them for the optimizer of {without}"
    elif twice:
        cause = "both do the same, so that it is done twice"
    elif driven_off:
        cause = "SWALR leads to its rate and keeps it, the other moves it away again"
    else:
        cause = "both change the rate that they find, so that it is their product"
    return RULE.found(
        optimizer,
        f"{told} were both stepped before {together.size} of {optimizer.updates} "
        "updates",
        cause=cause,
        fix=fix,
        severity=WARNING if lost or twice or driven_off else INFO,
        steps=(int(together[0]), last),
        where=distinct(*one.where, *other.where),
        evidence={
            "together": int(together.size),
            "schedulers": [one.class_name, other.class_name],
        },
    )


def _without_one(optimizer: Optimizer) -> str | None:
    """Return the only other optimizer that is called, if nothing moves its rates."""
    others = [e for e in optimizer.training.optimizers_called if e is not optimizer]
    if len(others) != 1 or others[0].driven_by or not others[0].is_constant:
        return None
    return others[0].name


def _lost(
    optimizer: Optimizer, writer: Scheduler, victim: Scheduler, last: int
) -> Scheduler | None:
    """Return the writer if it undoes what the victim does."""
    if not writes_afresh(writer.event):
        return None
    if is_plateau(victim):
        return writer if Plateau(victim).decided.cuts else None
    if begins_neutral(victim.event):
        return None
    rates = planned_rates(victim)
    stepped = per_update(optimizer, writer.between) > 0
    if rates is None:
        return writer if writes_afresh(victim.event) else None
    alive = int(np.flatnonzero(stepped)[0]), max(last, int(np.flatnonzero(stepped)[-1]))
    return writer if _moves(rates[:, alive[0] : alive[1] + 1]) else None


def _driven_off(scheduler: Scheduler, together: NDArray[np.int64]) -> bool:
    """Say whether an SWALR that had arrived did not have its rate in any update."""
    own = scheduler.event.arguments
    wanted, length = own.get("swa_lr"), own.get("anneal_epochs", 10)
    if scheduler.class_name != "SWALR" or not is_number(wanted):
        return False
    arrived = together[scheduler.restored.at_updates[together] > length]
    return arrived.size > 1 and all(
        are_two(float(group.applied[each - group.begins]), wanted)
        for group in scheduler.groups
        for each in arrived[arrived >= group.begins].tolist()
    )


def _moves(rates: NDArray[np.float64]) -> bool:
    peak = np.max(np.abs(rates), initial=0.0)
    return bool(rates.size and np.max(np.ptp(rates, axis=1)) > 0.01 * peak)


def _same(one: Scheduler, other: Scheduler) -> bool:
    mine, theirs = one.event, other.event
    if mine.class_name != theirs.class_name or mine.children or theirs.children:
        return False
    return mine.arguments == theirs.arguments and not begins_neutral(mine)


RULE = Rule(
    code="LR403",
    name="two-writers-one-optimizer",
    severity=WARNING,
    page=__doc__,
    needs="two schedulers of one optimizer that were stepped",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-shorter-than-run",),
)
