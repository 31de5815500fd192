"""SequentialLR, of anything."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

from lrscope.schedules.importers.composed import Composed, family, parts_of
from lrscope.schedules.importers.description import Refused, as_number
from lrscope.schedules.importers.leaf import Leaf, quirk
from lrscope.schedules.importers.of_torch_cycles import annealed, as_rate
from lrscope.schedules.shapes.constant import constant

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.importers.imported import Quirk
    from lrscope.schedules.schedule import Schedule

Bases = tuple[float, ...]
AT_THE_END = (
    "climbs-after-T_max",
    "climbs-at-total_steps",
    "raises-past-its-end",
    "resets-to-base-after-total_iters",
    "hf-cosine-rises-again",
)
"""Quirks that show after the horizon."""


def sequential_lr(found: Description, bases: Bases) -> Leaf:
    """SequentialLR: one after the other, each from its own step 0."""
    leaves = parts_of(found, bases)
    milestones = _milestones(found, len(leaves))
    initial = _initial(found, leaves[0].bases)
    first = _first(found, milestones)
    raising = _raises(leaves, milestones)
    whole = Composed(
        bases=bases,
        begins=leaves[0].bases,
        moves=tuple(
            {
                "parts": [each.moves[group] for each in leaves],
                "milestones": milestones,
                **first,
            }
            for group in range(len(bases))
        ),
        quirks=_reached(leaves, milestones)
        + _fractional(milestones)
        + _early(leaves[0], milestones)
        + raising,
        horizon=_horizon(leaves, milestones),
    )
    closed = (
        all(each >= 1 and each.is_integer() for each in milestones)
        and all(each.plain for each in leaves)
        and (leaves[0].sets or initial == leaves[0].bases)
    )
    if raising or not closed:
        return whole.replayed()
    groups = range(len(bases))
    return whole.following(
        tuple(_sequence(leaves, milestones, group) for group in groups)
    )


def _milestones(found: Description, parts: int) -> list[float]:
    given = found.get("_milestones", found.get("milestones")) or []
    milestones = [as_number("SequentialLR: a milestone", each) for each in given]
    if sorted(milestones) != milestones:
        msg = f"SequentialLR: milestones {milestones} do not rise"
        raise Refused(msg)
    if len(milestones) != parts - 1:
        msg = f"SequentialLR: {len(milestones)} milestones for {parts} schedulers"
        raise Refused(msg)
    if found.began:
        msg = "SequentialLR was given a last_epoch, which shifts all its milestones"
        raise Refused(msg)
    return milestones


def _first(found: Description, milestones: list[float]) -> dict[str, int]:
    """Return which part took the first step, where it is not the one whose turn it was.

    Before torch 2.13 that is always part 0. Its clock stands at -1 if it took none.
    """
    clocks = found.attributes.get("_clocks") or [None]
    due = bisect_right(milestones, 0)
    return {"first": 0} if due and clocks[0] is not None and clocks[0] >= 0 else {}


def _sequence(leaves: list[Leaf], milestones: list[float], group: int) -> Schedule:
    """Return one group's schedules one after the other."""
    lengths = [int(b - a) for a, b in zip([0.0, *milestones], milestones)]
    same = len({each.bases for each in leaves}) == 1
    factors = same and not any(each.schedules[group].is_rate for each in leaves)
    found: Schedule | None = None
    for which, each in enumerate(leaves):
        part = each.schedules[group]
        if which and each.moves[group].get("handed") is not None:
            ahead = float(each.moves[group]["handed"]) / part(0) if part(0) else 1.0
            part = part if ahead == 1 else ahead * part
        elif which and each.moves[group]["kind"] == "swa" and found is not None:
            before = (found.length or 1) - 1
            rate = found(before) * (1.0 if found.is_rate else each.bases[group])
            part = annealed(rate, each.moves[group])
        part = part if factors else as_rate(part, each.bases[group])
        if which < len(lengths):
            if not lengths[which]:
                continue
            part = part[: lengths[which]]
        found = part if found is None else found >> part
    return constant() if found is None else found


def _reached(leaves: list[Leaf], milestones: list[float]) -> tuple[Quirk, ...]:
    """Return the quirks of all parts, without what comes after a part's turn."""
    found: tuple[Quirk, ...] = ()
    for each, first, end in zip(leaves, [0.0, *milestones], [*milestones, math.inf]):
        cut = each.horizon is not None and end - first <= each.horizon
        found += tuple(q for q in each.quirks if not (cut and q.name in AT_THE_END))
    return found


def _initial(found: Description, first: Bases) -> Bases:
    """Return the groups' ``initial_lr``, which a OneCycleLR makes its own."""
    cycles = (e.bases for e in family(found) if e.class_name == "OneCycleLR")
    return next(filter(None, cycles), first)


def _horizon(leaves: list[Leaf], milestones: list[float]) -> tuple[int, str] | None:
    for each, milestone in zip(leaves[1:], milestones):
        if isinstance(each.handed, str):
            return max(math.ceil(milestone) - 1, 0), "milestone - 1"
    last = leaves[-1]
    if last.horizon is None:
        return None
    name = f"last milestone + {last.horizon_name}" if milestones else last.horizon_name
    return int(max([0.0, *milestones])) + last.horizon, name


def _raises(leaves: list[Leaf], milestones: list[float]) -> tuple[Quirk, ...]:
    for each, milestone in zip(leaves[1:], milestones):
        if isinstance(each.handed, str):
            says = f"step {milestone:g} raises: {each.handed}"
            return quirk("raises-at-the-hand-over", says)
    return ()


def _fractional(milestones: list[float]) -> tuple[Quirk, ...]:
    odd = [each for each in milestones if not each.is_integer()]
    says = f"no step is equal to the milestones {odd}: what follows them is not begun"
    return quirk("milestones-never-hit", says) if odd else ()


def _early(first: Leaf, milestones: list[float]) -> tuple[Quirk, ...]:
    if first.plain or not milestones:
        return ()
    says = "a composed scheduler begins with a step of its parts that counts twice"
    return quirk("nested-runs-one-step-early", says)
