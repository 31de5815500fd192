"""Groups: their base rates, and which plan each of them has."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Optional

from lrscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lrscope.cli.made import Made

Rates = dict[str, Optional[float]]
"""Groups and their base rates; a group called "" stands for any."""


def rates_of(lr: float | None, groups: tuple[str, ...]) -> Rates:
    """Return the base rate of every group; one without a name if none is named.

    Raises:
        UsageError: If ``--lr`` and ``--group`` are no rates, or do not go together.
    """
    if lr is not None and groups:
        msg = "--lr and --group do not go together; name every group with its rate"
        raise UsageError(msg)
    if not groups:
        return {"": None if lr is None else _positive("--lr", lr)}
    found: Rates = {}
    for each in groups:
        name, sign, text = each.partition("=")
        try:
            value = float(text)
        except ValueError:
            sign, value = "", 0.0
        if not (sign and name) or name in found:
            msg = f"--group needs NAME=LR, every name once, got {each!r}"
            raise UsageError(msg)
        found[name] = _positive("--group", value)
    return found


def _positive(option: str, value: float) -> float:
    if not 0 < value < inf:
        msg = f"{option} needs a finite rate above 0, got {value!r}"
        raise UsageError(msg)
    return value


def on_groups(
    made: Sequence[Made], rates: Mapping[str, float | None], whose: str
) -> list[Made]:
    """Return a plan for each group, with its base rate.

    A plan with a name is for that group, one without for all groups that have none.
    Plans that brought a base rate along stay as they are.

    Args:
        made: The plans.
        rates: Groups and their rates; a group called "" stands for any.
        whose: Where the groups come from, for messages.

    Raises:
        UsageError: If a plan names no group, or a group has no plan.
    """
    if "" in rates:
        return [_based(each, each.group, rates[""]) for each in made]
    named = {each.group for each in made if each.base is None} - {""}
    if unknown := sorted(named - set(rates)):
        groups = ", ".join(map(repr, rates))
        msg = (
            f"there is no group {unknown[0]!r} to plan; the groups {whose} are {groups}"
        )
        raise UsageError(msg)
    found: list[Made] = []
    for each in made:
        others = [name for name in rates if name not in named]
        own = each.group or each.base is not None
        names = [each.group] if own else others
        found += [_based(each, name, rates.get(name)) for name in names]
    _refuse_left_out(made, found, rates)
    return found


def _based(plan: Made, group: str, rate: float | None) -> Made:
    return plan if plan.base is not None else replace(plan, group=group, base=rate)


def _refuse_left_out(
    made: Sequence[Made], found: Sequence[Made], rates: Mapping[str, float | None]
) -> None:
    """Refuse a group without a plan and words that plan for no group."""
    planned = {each.group for each in found}
    if any(each.base is None for each in made):
        for name in rates:
            if name not in planned:
                msg = (
                    f"group {name!r} has no plan; one without a name is for all others"
                )
                raise UsageError(msg)
    used = {each.spec for each in found}
    for each in made:
        if each.spec not in used:
            msg = f"{each.spec} is for no group: every group is named by another SPEC"
            raise UsageError(msg)


def unused(made: Sequence[Made], rates: Rates) -> list[str]:
    """Return sentences about rates that change nothing, or that nobody gave.

    Raises:
        UsageError: If rates were given and no plan takes them.
    """
    if set(rates.values()) == {None}:
        asked = dict.fromkeys(each.spec for each in made if each.asked)
        return [f"{each} got an optimizer with lr 1; give --lr" for each in asked]
    without = [each.spec for each in made if not (each.asked or each.takes_rate)]
    option = "--lr" if "" in rates else "--group"
    if without and len(without) == len(made):
        msg = (
            f"{option} multiplies factors, and {without[0]} has rates of its own; "
            f"leave {option} out"
        )
        raise UsageError(msg)
    return [
        f"{option} does not change {each}, which has rates of its own"
        for each in dict.fromkeys(without)
    ]
