"""A group that is thought frozen moves.

What it means: its weights changed at measured steps at which its rate was 0, or at
which it had no gradient while other groups had one: from the beginning, or from some
update to the end.

Why it matters: layers that were meant to stay as they were trained before are slowly
destroyed, and no log of the rate shows it.

Usual causes: gradients that are 0 and not None (``zero_grad(set_to_none=False)``, a
hook or a mask that multiplies them by 0): weight decay and momentum go on moving the
weights; an optimizer that does not multiply everything by ``lr``.

What to do: leave frozen parameters out of the optimizer, or see that their gradient is
None when ``step()`` runs: ``p.grad = None``, or ``requires_grad_(False)`` and then
``zero_grad(set_to_none=True)``, torch's default. With ``set_to_none=False`` a gradient
that was there once stays, as zeros. Put masked weights back after each step.

Looks the same, but is right: experts and heads that only some batches use, if they are
used again; an optimizer whose groups all have no gradient.

Upstream: facebookresearch/fairseq#4702, open-mmlab/mmdetection#6599,
pytorch/pytorch#38581, OPTML-Group/Unlearn-Saliency#32
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.audit.facts.moving import ENOUGH, Moving, moving_in
from lrscope.audit.facts.shrinking import shrinks, shrinks_only
from lrscope.audit.finding import WARNING
from lrscope.audit.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lrscope.audit.finding import Finding

AT_THE_END = 8
"""Measured steps without a gradient after which a group may be thought frozen."""

LONGER = 4
"""How many times longer than any earlier pause that must be."""

CHANCE = 1e-3
"""Probability of so many such steps in a row that is taken for none."""


def _judge(moving: Moving) -> Iterator[Finding]:
    stopped = moving.applied == 0
    moved = stopped & moving.moves
    if moved.sum() >= max(ENOUGH, stopped.sum() / 2):
        yield RULE.found(
            moving,
            f"its rate was 0 at {int(stopped.sum())} measured updates, and its weights "
            f"moved at {int(moved.sum())} of them, by "
            f"{_median(moving, moved):.1e} of their length",
            cause="the optimizer does not multiply everything by lr",
            fix="leave frozen parameters out of the optimizer",
            steps=moving.span(moved),
            evidence=_evidence(moving, moved),
        )
        return
    quiet = _without_gradient(moving)
    if quiet is None:
        return
    moved = quiet & moving.moves
    goes_on = moving.moves[-1] and moved.sum() >= max(ENOUGH, quiet.sum() / 2)
    by_decay = goes_on and shrinks(moving, moved)
    begins = quiet.all()
    if not goes_on or (begins and not (by_decay and shrinks_only(moving))):
        return
    start, _ = moving.span(quiet)
    yield RULE.found(
        moving,
        f"no gradient reached the group {'' if begins else f'from update {start} on '}"
        f"({int(quiet.sum())} measured updates), and its weights moved all the same, "
        f"by {_median(moving, moved):.1e} of their length each time",
        cause="its gradient is 0 and not None: "
        + ("weight decay shrinks" if by_decay else "momentum goes on moving")
        + " the weights",
        fix="leave frozen parameters out of the optimizer, or see that their grad is "
        "None when step() runs: p.grad = None for each, or requires_grad_(False) and "
        "then zero_grad(set_to_none=True)",
        steps=moving.span(moved),
        evidence=_evidence(moving, moved),
    )


def _without_gradient(moving: Moving) -> NDArray[np.bool_] | None:
    """Return the measured steps at the end that had none; None if they are too few."""
    felt = np.flatnonzero(moving.felt)
    quiet = np.ones(len(moving.measured), np.bool_)
    quiet[: felt[-1] + 1 if felt.size else 0] = False
    long = int(quiet.sum())
    beside_others = quiet & moving.accompanied
    if long < moving.enough_without or beside_others.sum() < long / 2:
        return None
    if felt.size and not _has_ended(felt, long):
        return None
    return quiet


def _has_ended(felt: NDArray[np.intp], long: int) -> bool:
    """Say whether gradients ended, and did not pause as those of an expert do."""
    pauses = np.diff(felt, prepend=-1) - 1
    used = felt.size / (felt[-1] + 3)  # of the steps before, carefully
    return bool(
        felt.size >= ENOUGH
        and long >= max(AT_THE_END, LONGER * pauses.max())
        and (1 - used) ** long < CHANCE
    )


def _median(moving: Moving, moved: NDArray[np.bool_]) -> float:
    return float(np.median(moving.measured.update_to_weight[moved]))


def _evidence(moving: Moving, moved: NDArray[np.bool_]) -> dict[str, Any]:
    lengths = moving.measured.weight_norm[moved]
    return {
        "rate": float(moving.applied[moved][-1]),
        "measured_updates_that_moved": int(moved.sum()),
        "update_to_weight": _median(moving, moved),
        "length_of_weights": [float(lengths[0]), float(lengths[-1])],
    }


RULE = Rule(
    code="LR902",
    name="frozen-group-moves",
    severity=WARNING,
    page=__doc__,
    needs=f"a group with {ENOUGH} measured steps (lrscope run --effective)",
    subjects=moving_in,
    judge=_judge,
)
