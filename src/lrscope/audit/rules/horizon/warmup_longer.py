"""The warm-up was longer than the run.

What it means: the rate rose until the last update; the peak was never reached.

Why it matters: the whole run trained at rates that were meant for its first moments.

Usual causes: a warm-up in updates while the run is short, with a large batch or with
accumulation; warm-up and total exchanged; a schedule in updates stepped by pass. Of a
rate by hand, or by the function of a LambdaLR, no length is known: it warms up if it
rises evenly from 0 to the last update and stays below 0.9 of the optimizer's rate.

What to do: give the warm-up a share of the run, such as a twentieth.

Looks the same, but is right: a learning-rate range test; a trial of a few steps (both
info).

Upstream: niznik-dev/cruijff_kit#329, facebookresearch/d2go#19,
Lightning-AI/pytorch-lightning#18570, deepspeedai/DeepSpeed#8142
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrscope.audit.facts.optimizer import Optimizer
from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.finding import Finding

LEAST = 20
"""Updates that show a warm-up of which no length is known."""


def _subjects(case: Case) -> list[Scheduler | Optimizer]:
    scheduled = [
        each
        for each in case.driving
        if each.horizon and each.horizon.warmup and not each.by_argument
        if each.training.process.ended and case.is_last(each)
        if each.groups
    ]
    resumed = {id(each.optimizer) for each in case.resumptions}
    untold = [
        each
        for each in case.optimizers
        if each.groups and not each.plans and _follows_a_formula(each)
        if each.training.process.ended and each.training.is_last
        if id(each) not in resumed
    ]
    return [*scheduled, *untold]


def _follows_a_formula(optimizer: Optimizer) -> bool:
    """Say whether its rates come from the program: by hand, or from one function."""
    if not optimizer.schedulers:
        return optimizer.written > 0
    first = optimizer.schedulers[0]
    alone = len(optimizer.schedulers) == 1 and first.steps > 0
    return alone and first.class_name == "LambdaLR" and first.horizon is None


def _judge(subject: Scheduler | Optimizer) -> Iterator[Finding]:
    yield from _untold(subject) if isinstance(subject, Optimizer) else _by(subject)


def _untold(optimizer: Optimizer) -> Iterator[Finding]:
    if not all(_only_warms_up(each) for each in optimizer.groups):
        return
    group = max(optimizer.groups, key=lambda each: each.peak)
    in_a_pass = optimizer.epochs is not None and not optimizer.epochs.ended_whole
    yield RULE.found(
        optimizer,
        f"the rate rose by the same amount to the last update, to {group.peak:.3g}; "
        f"the optimizer was made with {group.made_with:.3g}",
        cause="the warm-up is longer than the run",
        fix=f"shorten the warm-up to well below {optimizer.updates} updates",
        severity=INFO if optimizer.training.ending.by_choice or in_a_pass else WARNING,
        steps=optimizer.throughout,
        where=optimizer.writers,
        evidence={"made_with": group.made_with, "last": group.peak},
    )


def _only_warms_up(group: Group) -> bool:
    """Say whether a rate rises evenly from 0 and never comes near that of the group."""
    lr = group.applied
    if group.begins or lr.size < LEAST or not group.is_finite:
        return False
    notches = np.diff(lr)
    usual = float(notches.mean())
    even = usual > 0 and np.abs(notches - usual).max() <= 1e-3 * usual
    return bool(even and lr[0] <= 1.01 * usual and lr[-1] < 0.9 * group.made_with)


def _by(scheduler: Scheduler) -> Iterator[Finding]:
    optimizer, horizon = scheduler.optimizer, scheduler.horizon
    if optimizer is None or horizon is None:
        return
    if scheduler.position >= 0.9 * horizon.warmup:
        return
    if not scheduler.only_rose or len(optimizer.schedulers) > 1:
        return
    in_a_pass = scheduler.ended_within_a_pass
    last = max(float(group.applied[-1]) for group in scheduler.groups)
    come = scheduler.position
    cause = "the warm-up is longer than the run"
    fix = f"shorten the warm-up to well below {come} steps"
    if scheduler.class_name == "OneCycleLR":  # its warm-up is a share of its length
        cause = f"{horizon.name} does not fit the length of the run"
        fix = f"set {horizon.name} to the {come} steps that the run has"
    cause, fix = scheduler.training.ending.cut_short or (cause, fix)
    yield RULE.found(
        scheduler,
        f"the rate rose to the last update, to {last:.3g}: {come} of "
        f"{horizon.warmup} steps of warm-up were taken",
        cause=cause,
        fix=fix,
        severity=INFO if scheduler.training.ending.by_choice or in_a_pass else WARNING,
        steps=scheduler.throughout,
        evidence={"warmup": horizon.warmup, "ended_within_a_pass": in_a_pass},
    )


RULE = Rule(
    code="LR207",
    name="warmup-longer-than-run",
    severity=WARNING,
    page=__doc__,
    needs="a warm-up of known length, a rate by hand or one LambdaLR, and the end of "
    "the run",
    subjects=_subjects,
    judge=_judge,
    explains=("schedule-longer-than-run",),
)
