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

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.nearness import are_two
from lrscope.audit.facts.number import is_number, numbers
from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.unused import left_by_unused, undid_a_warmup
from lrscope.audit.facts.writers import earlier_on, writes_afresh
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding


def _subjects(case: Case) -> list[Scheduler]:
    return [
        each
        for each in case.schedulers
        if each.event.rates_before and each.event.how == "constructed"
        if each.steps and not _resumed(each)
        if each.optimizer and len(each.optimizer.schedulers) > 1
        if each.class_name != "OneCycleLR"  # it sets its own
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
            steps=scheduler.throughout,
            evidence={"rate": left.rate, "made_with": left.made},
        )
        return
    event = scheduler.event
    if not earlier_on(scheduler):
        return
    first = next((e for e in scheduler.parts if writes_afresh(e)), None)
    if first is None or first is not (scheduler.parts[1:] or scheduler.parts)[0]:
        return
    own = numbers(first.attributes.get("base_lrs"))  # of the part that begins
    wanted = _wanted(scheduler)
    after = numbers(event.rates)
    if not len(own) == len(wanted) == len(after):
        return
    cyclic = event.class_name == "CyclicLR"  # it writes its own base rate, or tries to
    put_back = [
        (was, base if are_two(was, base) else rate)
        for was, base, rate in zip(wanted, own, after, strict=True)
        if are_two(was, rate) and (cyclic or are_two(was, base))
    ]
    if not put_back:
        return
    was, base = put_back[0]
    chosen = cyclic or _was_chosen(scheduler) or undid_a_warmup(scheduler)
    update = _updates_before(scheduler)
    yield RULE.found(
        scheduler,
        f"{scheduler.called} began from {base:.6g}; "
        + ("it was given a base_lr of " if cyclic else "when it was made the rate was ")
        + f"{was:.6g}",
        cause="initial_lr was left in the group by "
        f"{earlier_on(scheduler)[-1].class_name}, made before",
        fix='del group["initial_lr"] before making it, or set it to the new rate',
        severity=WARNING if chosen else INFO,
        steps=(update, max(update, scheduler.updates - 1)),
        where=distinct(event.where) or None,
        evidence={"base": base, "rate": was},
    )


def _wanted(scheduler: Scheduler) -> list[float]:
    """Return the rates that the program meant it to begin from."""
    event = scheduler.event
    given = event.arguments.get("base_lr")
    if event.class_name != "CyclicLR":
        return numbers(event.rates_before)
    several = given if isinstance(given, list) else [given] * len(event.rates_before)
    return numbers(several)


def _was_chosen(scheduler: Scheduler) -> bool:
    """Say whether the rate was written since the earlier scheduler wrote it."""
    before = numbers(scheduler.event.rates_before)
    reached = _updates_before(scheduler)
    if not reached:
        left = numbers(earlier_on(scheduler)[-1].event.rates)
        return len(left) == len(before) and any(map(are_two, before, left))
    for group in scheduler.groups:
        index, at = group.index, reached - group.begins
        past = group.applied[max(0, at - 50) : max(0, at)]
        if index >= len(before) or not past.size:
            continue
        notch = float(np.max(np.abs(np.diff(past)), initial=0.0))
        far = abs(before[index] - past[-1]) > 3 * notch
        if far and are_two(before[index], float(past[-1])):
            return not _could_step_there(scheduler, before[index], float(past[-1]))
    return False


def _could_step_there(scheduler: Scheduler, rate: float, last: float) -> bool:
    """Say whether a stair of the earlier scheduler explains the rate."""
    earlier = earlier_on(scheduler)[-1].event
    gamma = earlier.arguments.get("gamma")
    return is_number(gamma) and not are_two(rate, last * gamma)


def _updates_before(scheduler: Scheduler) -> int:
    """Return the updates of its optimizer before it was made."""
    optimizer = scheduler.optimizer
    return optimizer.updates_before(scheduler.event.row) if optimizer else 0


def _resumed(scheduler: Scheduler) -> bool:
    """Say whether a state was loaded, or the constructor was told a position."""
    own = scheduler.optimizer
    return scheduler.restored.given_last_epoch is not None or bool(own and own.loads)


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
