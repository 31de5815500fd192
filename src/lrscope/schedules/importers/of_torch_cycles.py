"""torch's schedulers that work out every rate afresh, and SWALR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.schedules.importers.description import Refused
from lrscope.schedules.importers.leaf import Leaf, plain_form, quirk
from lrscope.schedules.importers.of_torch import eta_min_quirks, towards
from lrscope.schedules.importers.quirks.phases import phases
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine
from lrscope.schedules.shapes.cyclic import cyclic

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.schedule import Schedule

Bases = tuple[float, ...]


def setting(schedules: tuple[Schedule, ...], bases: Bases, **rest: Any) -> Leaf:
    """Return a scheduler whose rate does not depend on the one before."""
    last, initial = rest.pop("last", None), rest.pop("initial_lr", None)
    moves = tuple(
        {
            "kind": "sets",
            "rate": plain_form(as_rate(each, base)),
            "last": last,
            "initial_lr": initial,
        }
        for each, base in zip(schedules, bases)
    )
    return Leaf(schedules=schedules, bases=bases, sets=True, moves=moves, **rest)


def as_rate(schedule: Schedule, base: float) -> Schedule:
    """Return a factor of a base rate as the rate itself."""
    return schedule if schedule.is_rate else schedule.absolute(base)


def cosine_annealing_warm_restarts(found: Description, bases: Bases) -> Leaf:
    """CosineAnnealingWarmRestarts: half cosines, each ``T_mult`` times as long."""
    first, grow = found.whole("T_0"), found.whole("T_mult")
    low = found.number("eta_min")
    if found.began >= first:
        msg = (
            f"CosineAnnealingWarmRestarts begun with last_epoch={found.began - 1} "
            f"loses count of its periods after the first (T_0={first})"
        )
        raise Refused(msg)
    wave = cosine(first).repeat(grow=float(grow))
    schedules = tuple(towards(wave, base, low) for base in bases)
    return setting(schedules, bases, quirks=eta_min_quirks(bases, low))


def one_cycle_lr(found: Description, bases: Bases) -> Leaf:
    """OneCycleLR: up, down and further down; one step too many climbs."""
    groups, total = len(bases), found.whole("total_steps")
    ends, values, anneal = _cycle(found, groups, total)
    rates = tuple(phases(total, ends, each, anneal).absolute() for each in values)
    climbed = (
        f"step {total} is one more than its {total} rates ({rates[0](total - 1):.3g} "
        f"is the last one) and gives {rates[0](total):.3g}"
    )
    raises = f"step {total + 1} raises ValueError: the plan has {total} steps"
    quirks = quirk("climbs-at-total_steps", climbed) + quirk(
        "raises-past-its-end", raises
    )
    beside: tuple[Schedule, ...] = ()
    if found.get("cycle_momentum"):
        up, down = _momenta(found, groups)
        flat = range(len(values[0]) - 2)
        beside = tuple(
            phases(total, ends, (b, a, *(b for _ in flat)), anneal).absolute()
            for a, b in zip(up, down)
        )
    return setting(
        rates,
        bases,
        last=total,
        initial_lr="takes",
        horizon=total - 1,
        horizon_name="total_steps - 1",
        quirks=quirks,
        beside=_beside(found, beside),
    )


def cyclic_lr(found: Description, bases: Bases) -> Leaf:
    """CyclicLR: triangles without end."""
    if found.get("_scale_fn_custom") or found.arguments.get("scale_fn"):
        told = found.arguments.get("scale_fn") or found.get("_scale_fn_custom")
        name = told.get("callable", told) if isinstance(told, dict) else told
        msg = f"CyclicLR: scale_fn is a function of its user ({name})"
        raise Refused(msg)
    up, total = found.number("step_ratio"), found.number("total_size")
    up = round(up * total, 6)
    if not up.is_integer() or not total.is_integer() or not 0 < up < total:
        msg = f"CyclicLR: {up:g} steps up of {total:g} are not whole numbers of steps"
        raise Refused(msg)
    gamma, mode = found.number("gamma"), str(found.get("mode"))
    if mode == "exp_range" and gamma <= 0:
        msg = f"CyclicLR: gamma={gamma:g} is not above 0"
        raise Refused(msg)
    one = cyclic(
        int(up),
        int(total - up),
        low=0.0,
        mode=mode,
        gamma=gamma if mode == "exp_range" else 1.0,
    )
    tops = found.for_each_group("max_lrs", len(bases))
    beside: tuple[Schedule, ...] = ()
    if found.get("cycle_momentum"):
        lows, highs = _momenta(found, len(bases))
        beside = tuple(between(one, high, low) for low, high in zip(lows, highs))
    return setting(
        tuple(between(one, low, top) for low, top in zip(bases, tops)),
        bases,
        initial_lr="keeps",
        beside=_beside(found, beside),
    )


def swa_lr(found: Description, bases: Bases) -> Leaf:
    """SWALR: from the rate that it finds to ``swa_lr``."""
    steps = found.whole("anneal_epochs")
    strategy = found.get("_anneal_strategy", found.get("anneal_strategy"))
    if found.has("swa_lr"):
        goals = found.for_each_group("swa_lr", len(bases))
    elif found.groups and all("swa_lr" in each for each in found.groups):
        goals = tuple(float(each["swa_lr"]) for each in found.groups)
    else:
        msg = "SWALR: swa_lr is not known, as its construction was not seen"
        raise Refused(msg)
    moves = tuple(
        {"kind": "swa", "steps": steps, "to": goal, "strategy": strategy}
        for goal in goals
    )
    begin = zip(bases, moves)
    return Leaf(
        schedules=tuple(annealed(base, move) for base, move in begin),
        bases=bases,
        sets=False,
        moves=moves,
        horizon=steps,
        horizon_name="anneal_epochs",
    )


def annealed(start: float, move: dict[str, Any]) -> Schedule:
    """Return SWALR's way from a rate, as its moves describe it."""
    from lrscope.schedules.shapes.linear import linear

    steps, goal = move["steps"], move["to"]
    if not steps:
        return constant(goal).absolute()
    if move["strategy"] == "linear":
        return linear(steps, start, goal).absolute()
    return between(cosine(steps), goal, start)


def between(one: Schedule, low: float, top: float) -> Schedule:
    """Return rates that are ``low`` where a schedule is 0 and ``top`` where it is 1."""
    return ((top - low) * one + low).absolute()


def _cycle(
    found: Description, groups: int, total: int
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...], str]:
    """Return where the phases end, each group's rates there, and the way between."""
    if found.has("max_lr"):
        start = found.number("pct_start")
        meet = [start * total - 1.0]
        if found.get("three_phase"):
            meet.append(2.0 * start * total - 2.0)
        ends = (*meet, total - 1.0)
        tops = found.for_each_group("max_lr", groups)
        starts = tuple(top / found.number("div_factor") for top in tops)
        finals = tuple(each / found.number("final_div_factor") for each in starts)
        anneal = str(found.get("anneal_strategy"))
    elif found.groups and found.has("_schedule_phases"):
        ends = tuple(float(each["end_step"]) for each in found.get("_schedule_phases"))
        keys = ("initial_lr", "max_lr", "min_lr")
        told = [tuple(float(each[key]) for each in found.groups) for key in keys]
        starts, tops, finals = told
        anneal = str(found.get("_anneal_func_type"))
    else:
        msg = "OneCycleLR: max_lr is not known, as its construction was not seen"
        raise Refused(msg)
    back = (starts,) if len(ends) == 3 else ()
    return ends, tuple(zip(starts, tops, *back, finals)), anneal


def _momenta(found: Description, groups: int) -> tuple[Bases, Bases]:
    """Return the lower and the upper momentum of each group."""
    names = ("base_momentum", "max_momentum")
    several = [
        found.for_each_group(plural if found.has(plural) else name, groups)
        for name, plural in zip(names, ("base_momentums", "max_momentums"))
        if found.has(plural) or found.has(name)
    ]
    if not several:
        several = [tuple(float(each[key]) for each in found.groups) for key in names]
    return several[0], several[1]


def _beside(
    found: Description, several: tuple[Schedule, ...]
) -> tuple[tuple[str, tuple[Schedule, ...]], ...]:
    key = "betas[0]" if found.get("use_beta1") else "momentum"
    return ((key, several),) if several else ()
