"""Of two optimizers that train together only one follows a schedule.

What it means: two optimizers are stepped after the same backward call, update for
update. The rate of one moves, that of the other never does.

Why it matters: with Muon for matrices and AdamW for the rest, half of the model misses
warm-up and decay.

Usual causes: one scheduler was made for one of the two; a composite optimizer shows one
rate only.

What to do: make a scheduler for each of them.

Looks the same, but is right: GANs and others whose optimizers have a backward call of
their own; embeddings, centres or temperatures with a constant rate on purpose (info).

Upstream: tenstorrent/tt-metal#56027, EleutherAI/sparsify#62,
meta-pytorch/torchtune#2803
"""

from __future__ import annotations

import re
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.audit.finding import INFO, WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.audit.case import Case
    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.finding import Finding

MATRICES = re.compile("muon|shampoo|soap|kron|psgd|dion|scion|polar", re.IGNORECASE)
"""Optimizers that are made for matrices and leave the rest to another one."""

ENOUGH = 20


class Two(NamedTuple):
    """Two optimizers that are stepped together."""

    moved: Optimizer
    still: Optimizer


def _subjects(case: Case) -> list[Two]:
    return [
        Two(one, other)
        for training in case.trainings
        if len(training.optimizers_called) <= 10
        for one, other in permutations(training.optimizers_called, 2)
        if _in_step(one, other)
    ]


def _in_step(one: Optimizer, other: Optimizer) -> bool:
    """Say whether both are stepped in turns, with one backward call for both."""
    if one.calls.size != other.calls.size or one.calls.size < ENOUGH:
        return False
    early, late = sorted((one, other), key=lambda each: int(each.calls[0]))
    in_turns = (early.calls < late.calls).all() and (
        late.calls[:-1] < early.calls[1:]
    ).all()
    if not in_turns:
        return False
    items = one.training.process.history.items("backward")
    counts = np.cumsum(one.training.tally.per_row(items), dtype=np.int64)
    between = counts[late.calls] - counts[early.calls]
    return bool(counts[-1] > 0 and not between.any())


def _judge(pair: Two) -> Iterator[Finding]:
    moved, still = pair
    if not moved.driven_by and not moved.written:
        return
    if not _moves(moved) or not still.is_constant:
        return
    if still.driven_by or not still.groups:
        return
    if not any(each.applied.any() for each in still.groups):
        return
    yield RULE.found(
        still,
        f"the rate of {still.name} is {float(still.groups[0].applied[0]):.3g} in all "
        f"{still.updates} updates; {moved.name}, stepped beside it, follows a schedule",
        cause=f"a scheduler was made for {moved.name} only",
        fix=f"make one for {still.name} too",
        severity=WARNING if _belong_together(moved, still) else INFO,
        steps=still.throughout,
        evidence={"moved": moved.name},
    )


def _moves(optimizer: Optimizer) -> bool:
    return any(
        each.changes.size >= 2 and np.ptp(each.applied) > 0.2 * each.peak
        for each in optimizer.groups
    )


def _belong_together(one: Optimizer, other: Optimizer) -> bool:
    """Say whether nothing suggests that they are meant to differ."""
    if one.event is None or other.event is None:
        return False
    names = one.event.class_name, other.event.class_name
    if sum(bool(MATRICES.search(each)) for each in names) == 1:
        return True
    same_rate = {g.lr for g in one.event.groups} == {g.lr for g in other.event.groups}
    return names[0] == names[1] and same_rate


RULE = Rule(
    code="LR413",
    name="second-optimizer-unscheduled",
    severity=WARNING,
    page=__doc__,
    needs="two optimizers that are stepped after the same backward calls",
    subjects=_subjects,
    judge=_judge,
)
