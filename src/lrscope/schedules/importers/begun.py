"""Where a scheduler really begins: at a later step, or from another rate."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from lrscope.schedules.importers.description import Refused, as_number
from lrscope.schedules.importers.leaf import Leaf, quirk
from lrscope.schedules.importers.of_torch import towards
from lrscope.schedules.importers.of_torch_cycles import annealed, as_rate
from lrscope.schedules.importers.quirks.replayed import replayed
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.schedule import Schedule

NEAR = 1e-6
"""Relative difference up to which two rates are the same: float32 tensors are near."""


def begun(leaf: Leaf, found: Description) -> Leaf:
    """Return a scheduler as it was begun.

    Raises:
        Refused: If it goes on from a rate that is not its own.
    """
    rates = _rates(found, len(leaf.bases))
    if leaf.plain and leaf.moves[0]["kind"] == "swa":
        return leaf if rates is None else _annealed(leaf, rates)
    leaf = _later(leaf, found.began) if found.began else leaf
    if rates is None:
        return leaf
    schedules = list(leaf.schedules)
    says = []
    for group, rate in enumerate(rates):
        own = leaf.schedules[group](0)
        if not leaf.schedules[group].is_rate:
            own *= leaf.bases[group]
        if abs(rate - own) > NEAR * max(abs(rate), abs(own)):
            schedules[group] = _from(leaf, group, rate, own, found)
            says.append(f"group {group} begins at {rate:.6g}, not at {own:.6g}")
    if not says:
        return leaf
    quirks = quirk("begins-at-another-rate", "; ".join(says)) + leaf.quirks
    return dataclasses.replace(leaf, schedules=tuple(schedules), quirks=quirks)


def from_step(schedule: Schedule, step: int) -> Schedule:
    """Return what is left of a schedule from a step on."""
    if schedule.length is None or step < schedule.length:
        return schedule[step:]
    held = constant(schedule(step))
    return held.absolute() if schedule.is_rate else held


def _rates(found: Description, groups: int) -> list[float] | None:
    """Return the rates at the scheduler's beginning, where they are known."""
    if not found.fresh or len(found.rates) != groups:
        return None
    try:
        return [as_number("a rate", each) for each in found.rates]
    except Refused:
        return None


def _annealed(leaf: Leaf, rates: list[float]) -> Leaf:
    schedules = tuple(map(annealed, rates, leaf.moves))
    return dataclasses.replace(leaf, schedules=schedules)


def _later(leaf: Leaf, began: int) -> Leaf:
    says = (
        f"last_epoch={began - 1} was given, so its first rate is that of step {began}"
    )
    cut = tuple(from_step(each, began) for each in leaf.schedules)
    beside = tuple(
        (key, tuple(from_step(each, began) for each in several))
        for key, several in leaf.beside
    )
    return dataclasses.replace(
        leaf,
        schedules=cut,
        beside=beside,
        horizon=None if leaf.horizon is None else max(leaf.horizon - began, 0),
        horizon_name=f"{leaf.horizon_name} - {began}" if leaf.horizon_name else "",
        quirks=quirk("begins-at-a-later-step", says) + leaf.quirks,
    )


def _from(
    leaf: Leaf, group: int, rate: float, own: float, found: Description
) -> Schedule:
    """Return one group's schedule, from another rate than its own first one."""
    schedule, move = leaf.schedules[group], leaf.moves[group]
    if leaf.sets:
        rest = from_step(as_rate(schedule, leaf.bases[group]), 1)
        return constant(steps=1).absolute(rate) >> rest
    if not leaf.plain:
        return replayed(json.dumps(move), rate)
    if move["kind"] == "scales":
        if own:
            return rate / own * schedule
        msg = f"{found.class_name} multiplies a rate of 0, but the rate is {rate:g}"
        raise Refused(msg)
    steps = move["T_max"]
    if found.began or not steps.is_integer():
        msg = f"{found.class_name} goes on from {rate:g}, which is not its own {own:g}"
        raise Refused(msg)
    down = towards(cosine(int(steps)), rate, move["eta_min"])
    if not down.is_rate:
        down = rate / leaf.bases[group] * down
    return down >> schedule[int(steps) :]
