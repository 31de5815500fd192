"""A second scheduler began from the base rate of the first.

What it means: the first scheduler of an optimizer leaves ``initial_lr`` in its groups.
A later one takes that as its base rate, whatever the rate is by then, and schedulers
that work their rate out afresh put it back at once. CyclicLR ignores its ``base_lr``.

Why it matters: the second stage trains at the rate of the first, often ten times too
high.

Usual causes: two schedulers are built and only one is used, when building the other
had changed the rate already; the rate of a new stage is written into the groups before
the second scheduler is made, and ``initial_lr`` is left as it was.

What to do: write ``initial_lr`` too, delete it from every group first, or make a new
optimizer for the new stage.

Looks the same, but is right: a second scheduler that is to begin at the first one's
base rate again (info); parts of SequentialLR and ChainedScheduler; resumed trainings.

Upstream: pytorch/pytorch#21965, pytorch/pytorch#33416
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.unused import left_by_unused, undid_a_warmup
from lrscope.audit.facts.writers import earlier_on, writes_afresh
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule
from lrscope.recording.events import OptimizerStateLoaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

LEAST = 0.05
"""Relative difference from which on two rates are two."""


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.schedulers
        if each.event.rates_before and each.event.how == "constructed"
        if each.steps and not _resumed(each)
        if each.optimizer and len(each.optimizer.schedulers) > 1
    ]


def _judge(scheduler: Scheduler) -> Iterator[Finding]:
    left = left_by_unused(scheduler)
    if left is not None:
        yield RULE.found(
            scheduler,
            f"{scheduler.called} works from a rate of {left.rate:.6g}, the optimizer "
            f"was made with {left.made:.6g}",
            cause=f"{left.by} was built for the same optimizer, changed its rate and "
            "was never stepped",
            fix=f"do not build {left.by} where it is not used",
            steps=(0, scheduler.optimizer.updates - 1) if scheduler.optimizer else None,
            evidence={"rate": left.rate, "made_with": left.made},
        )
        return
    event = scheduler.event
    if not earlier_on(scheduler):
        return
    first = next((e for e in scheduler.parts if writes_afresh(e)), None)
    if first is None or first is not (scheduler.parts[1:] or scheduler.parts)[0]:
        return
    own = _numbers(first.attributes.get("base_lrs"))  # of the part that begins
    wanted = _wanted(scheduler)
    after = _numbers(event.rates)
    if not len(own) == len(wanted) == len(after):
        return
    cyclic = event.class_name == "CyclicLR"  # it writes its own base rate, or tries to
    put_back = [
        (was, base if _differ(was, base) else rate)
        for was, base, rate in zip(wanted, own, after, strict=True)
        if _differ(was, rate) and (cyclic or _differ(was, base))
    ]
    if not put_back:
        return
    was, base = put_back[0]
    chosen = cyclic or _was_chosen(scheduler) or undid_a_warmup(scheduler)
    update = int(np.searchsorted(_update_rows(scheduler), event.row))
    yield RULE.found(
        scheduler,
        f"{scheduler.called} began from {base:.6g}; "
        + ("it was given a base_lr of " if cyclic else "when it was made the rate was ")
        + f"{was:.6g}",
        cause="initial_lr was left in the group by "
        f"{earlier_on(scheduler)[-1].class_name}, made before",
        fix='del group["initial_lr"] before making it, or set it to the new rate',
        severity=WARNING if chosen else INFO,
        steps=(update, max(update, scheduler.optimizer.updates - 1))
        if scheduler.optimizer
        else None,
        where=(event.where,) if event.where else None,
        evidence={"base": base, "rate": was},
    )


def _wanted(scheduler: Scheduler) -> list[float]:
    """Return the rates that the program meant it to begin from."""
    event = scheduler.event
    given = event.arguments.get("base_lr")
    if event.class_name != "CyclicLR":
        return _numbers(event.rates_before)
    several = given if isinstance(given, list) else [given] * len(event.rates_before)
    return _numbers(several)


def _was_chosen(scheduler: Scheduler) -> bool:
    """Say whether the rate was written since the earlier scheduler wrote it."""
    optimizer, event = scheduler.optimizer, scheduler.event
    if optimizer is None:
        return False
    before = _numbers(event.rates_before)
    reached = int(np.searchsorted(_update_rows(scheduler), event.row))
    if not reached:
        left = _numbers(earlier_on(scheduler)[-1].event.rates)
        return len(left) == len(before) and any(map(_differ, before, left))
    for group in optimizer.groups:
        index, at = group.track.group.index, reached - group.begins
        past = group.applied[max(0, at - 50) : max(0, at)]
        if index >= len(before) or not past.size:
            continue
        notch = float(np.max(np.abs(np.diff(past)), initial=0.0))
        far = abs(before[index] - past[-1]) > 3 * notch
        if far and _differ(before[index], float(past[-1])):
            return not _could_step_there(scheduler, before[index], float(past[-1]))
    return False


def _could_step_there(scheduler: Scheduler, rate: float, last: float) -> bool:
    """Say whether a stair of the earlier scheduler explains the rate."""
    earlier = earlier_on(scheduler)[-1].event
    gamma = earlier.arguments.get("gamma")
    return isinstance(gamma, (int, float)) and not _differ(rate, last * gamma)


def _update_rows(scheduler: Scheduler) -> Any:
    optimizer = scheduler.optimizer
    return optimizer.calls[optimizer.updated] if optimizer else np.zeros(0, np.int64)


def _resumed(scheduler: Scheduler) -> bool:
    """Say whether a state was loaded, or the constructor was told a position."""
    if any(
        isinstance(given := each.arguments.get("last_epoch"), int) and given >= 0
        for each in scheduler.parts
    ):
        return True
    number = scheduler.event.optimizer
    return any(
        each.optimizer == number
        for each in scheduler.training.process.history.of(OptimizerStateLoaded)
    )


def _numbers(values: Any) -> list[float]:
    return [float(e) for e in values or () if isinstance(e, (int, float))]


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > LEAST * max(abs(one), abs(other))


RULE = Rule(
    code="LR405",
    name="initial_lr-poisons-second-scheduler",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler that was made after another one of the same optimizer",
    subjects=_subjects,
    judge=_judge,
    explains=("manual-edit-clobbered", "warmup-handoff-glitch"),
)
