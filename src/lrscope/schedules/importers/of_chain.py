"""ChainedScheduler, of anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.schedules.importers.composed import Composed, family, parts_of
from lrscope.schedules.importers.leaf import Leaf, quirk

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.importers.imported import Quirk

Bases = tuple[float, ...]


def chained_scheduler(found: Description, bases: Bases) -> Leaf:
    """ChainedScheduler: all of them at every step, one after the other."""
    leaves = parts_of(found, bases)
    last, others = leaves[-1], leaves[:-1]
    quirks: tuple[Quirk, ...] = sum((each.quirks for each in leaves), ())
    horizon = _longest(leaves)
    hidden = last.sets and not any(
        each.name.startswith("raises") for leaf in others for each in leaf.quirks
    )
    # the first rate of a CyclicLR that is not the first one is not its own
    late = any(e.class_name == "CyclicLR" for e in family(found.children[-1]))
    if hidden and others:
        says = "the last of the chain works out its rate afresh: the others do nothing"
        over = quirk("overwritten-by-the-last-of-the-chain", says)
        quirks, horizon = over + last.quirks, _longest([last])
    whole = Composed(
        bases=bases,
        begins=leaves[0].bases,
        moves=tuple(
            {"parts": [each.moves[group] for each in leaves]}
            for group in range(len(bases))
        ),
        quirks=quirks,
        horizon=horizon,
    )
    if (hidden and not late) or not others:
        return whole.following(last.schedules, sets=last.sets)
    if not _all_scale(leaves, bases):
        return whole.replayed()
    product = leaves[0].schedules[0]
    for each in leaves[1:]:
        product = product * each.schedules[0]
    return whole.following((product,) * len(bases))


def _longest(leaves: list[Leaf]) -> tuple[int, str] | None:
    """Return the horizon of those that have one, if all of them do."""
    ends = [(e.horizon, e.horizon_name) for e in leaves if e.horizon is not None]
    return max(ends) if len(ends) == len(leaves) else None


def _all_scale(leaves: list[Leaf], bases: Bases) -> bool:
    """Tell whether the product of all factors is what happens.

    One cosine may be among them if all others have come to 1 when it turns: at its
    troughs it begins anew from the base rate.
    """
    if not all(each.plain and each.bases == bases for each in leaves):
        return False
    kinds = [each.moves[0]["kind"] for each in leaves]
    others = [e.schedules[0] for e, kind in zip(leaves, kinds) if kind == "scales"]
    turning = [e for e, kind in zip(leaves, kinds) if kind == "cosine"]
    if len(others) == len(leaves):
        return True
    if len(others) < len(leaves) - 1 or not turning or turning[0].schedules[0].is_rate:
        return False
    turn = turning[0].horizon or 0
    return all(
        each.settles is not None and each.settles <= turn and each.final == 1
        for each in others
    )
