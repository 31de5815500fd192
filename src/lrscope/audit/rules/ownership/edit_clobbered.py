"""A rate that was written by hand was overwritten by the scheduler.

What it means: the program wrote a rate; at its next step the scheduler put back the
rate of its own curve, as if nothing had happened.

Why it matters: the lower rate that somebody wanted lasted one update.

Usual causes: LambdaLR, OneCycleLR, CyclicLR and other schedulers work their rate out
from the base rate at every step and forget what is in the group; StepLR and others
that multiply keep it.

What to do: change what the scheduler works with (``scheduler.base_lrs``), use a
scheduler that multiplies, or stop stepping it.

Looks the same, but is right: rates that are written by hand again and again, such as a
warm-up beside a scheduler that is stepped by pass.

Upstream: AnswerDotAI/ModernBERT#124, pytorch/pytorch#156846,
Lightning-AI/pytorch-lightning#17972
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.audit.facts.number import numbers
from lrscope.audit.facts.writers import hand_written, per_update
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule
from lrscope.recording.events import (
    OptimizerStateLoaded,
    SchedulerConstructed,
    SchedulerStateLoaded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.case import Case
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding


class Edit(NamedTuple):
    """One rate that was written by hand and put back."""

    update: int
    undone: int
    before: float
    written: float
    after: float


def _subjects(case: Case) -> list[Optimizer]:
    return [
        each
        for each in case.optimizers
        if each.updates and each.driven_by
        if each.written or _first_was_edited(each)
    ]


def _judge(optimizer: Optimizer) -> Iterator[Finding]:
    hand = hand_written(optimizer)
    hand[0] = hand[0] or _first_was_edited(optimizer)
    stepped = sum(
        (per_update(optimizer, each.between) for each in optimizer.schedulers),
        np.zeros(optimizer.updates, np.int64),
    )
    elsewise = _written_otherwise(optimizer)
    for group in optimizer.groups:
        if group.begins or group.applied.size != hand.size:
            continue
        found = list(_undone(group, hand, stepped > 0, elsewise))
        if not found:
            continue
        edit = found[0]
        yield RULE.found(
            group,
            f"the rate was set to {edit.written:.6g} by hand for update {edit.update} "
            f"and was {edit.after:.6g} again at update {edit.undone}"
            + (f"; this happened {len(found)} times" if len(found) > 1 else ""),
            cause=f"{optimizer.driven_by[0].class_name} works the rate out afresh and "
            "forgets what is in the group",
            fix="change the scheduler's base_lrs, or stop stepping it",
            steps=(edit.update, edit.undone),
            evidence={"before": edit.before, "edits": len(found)},
        )
        return


def _undone(
    group: Group,
    hand: NDArray[np.bool_],
    stepped: NDArray[np.bool_],
    elsewise: NDArray[np.bool_],
) -> Iterator[Edit]:
    """Yield the edits that the next step of a scheduler puts back."""
    rates, steps = group.applied, np.flatnonzero(stepped)
    for at in np.flatnonzero(hand)[:10_000].tolist():
        place = int(np.searchsorted(steps, at, side="right"))
        if place >= steps.size or (at and hand[at - 1]):
            continue
        undone = int(steps[place])
        if hand[at + 1 : undone + 1].any() or elsewise[at : undone + 1].any():
            continue
        before = _due_first(group) if at == 0 else float(rates[at - 1])
        written, after = float(rates[at]), float(rates[undone])
        change = abs(written - before)
        if change <= 0.05 * max(abs(written), abs(before)):
            continue
        if abs(after - before) <= 0.2 * change and rates[undone - 1] == written:
            yield Edit(at, undone, before, written, after)


def _written_otherwise(optimizer: Optimizer) -> NDArray[np.bool_]:
    """Say for each update whether a state was loaded or a scheduler made before it."""
    found = np.zeros(optimizer.updates, bool)
    rows = optimizer.update_rows
    history = optimizer.training.process.history
    kinds = (OptimizerStateLoaded, SchedulerStateLoaded, SchedulerConstructed)
    told = [each.row for kind in kinds for each in history.of(kind) if each.row > 0]
    places = np.searchsorted(rows, told)
    found[places[places < found.size]] = True
    return found


def _first_was_edited(optimizer: Optimizer) -> bool:
    """Say whether the first update has another rate than its one scheduler left."""
    schedulers = optimizer.schedulers
    if len(schedulers) != 1 or schedulers[0].event.row or not optimizer.updates:
        return False
    if schedulers[0].between[0] or schedulers[0].event.how != "constructed":
        return False
    history = optimizer.training.process.history
    if any(history.of(each) for each in (OptimizerStateLoaded, SchedulerStateLoaded)):
        return False
    return any(
        not g.begins and abs(g.applied[0] - (due := _due_first(g))) > 0.05 * abs(due)
        for g in optimizer.groups
    )


def _due_first(group: Group) -> float:
    schedulers = group.optimizer.schedulers
    rates = schedulers[0].event.rates if schedulers else ()
    due = numbers(rates[group.index : group.index + 1])
    return due[0] if due else float(group.applied[0])


RULE = Rule(
    code="LR406",
    name="manual-edit-clobbered",
    severity=WARNING,
    page=__doc__,
    needs="a scheduler that is stepped and a rate that was written by hand",
    subjects=_subjects,
    judge=_judge,
)
