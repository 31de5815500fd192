"""torch's schedulers whose every rate is a factor of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrscope.schedules.importers.description import CUT, Refused, as_number
from lrscope.schedules.importers.leaf import Leaf, plain_form, quirk
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine_wave
from lrscope.schedules.shapes.exponential import exponential
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.powers import polynomial
from lrscope.schedules.shapes.stairs import (
    multistep,
    piecewise_constant,
    step_decay,
)

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.schedule import Schedule

Bases = tuple[float, ...]


def scaling(
    factor: Schedule,
    bases: Bases,
    *,
    first: float | None = None,
    zeros: int | list[int] | None = None,
    **rest: Any,
) -> Leaf:
    """Return a scheduler that multiplies the rate before by f(n) / f(n - 1).

    Args:
        factor: f, the same for all groups.
        bases: The base rates.
        first: What it multiplies by at its step 0 if that is not part of its
            construction; f(0) if None.
        zeros: The steps at which it multiplies by 0, or how many from one to the
            next: what others made of a rate of 0 between does not last.
        rest: As in ``Leaf``.
    """
    move = {
        "kind": "scales",
        "factor": plain_form(factor),
        "first": factor(0) if first is None else first,
        "handed": rest.get("handed"),
        **({"zeros": zeros} if zeros else {}),
    }
    return Leaf(
        schedules=(factor,) * len(bases),
        bases=bases,
        sets=False,
        moves=tuple({**move, "base": base} for base in bases),
        **rest,
    )


def step_lr(found: Description, bases: Bases) -> Leaf:
    """StepLR: a drop every ``step_size`` steps."""
    size, gamma = found.whole("step_size"), _gamma(found)
    if size < 1:
        msg = f"StepLR: step_size={size} makes its first step fail"
        raise Refused(msg)
    if gamma == 0:
        return scaling(_until(size, 1.0, 0.0), bases, zeros=size)
    return scaling(step_decay(size, gamma), bases)


def multi_step_lr(found: Description, bases: Bases) -> Leaf:
    """MultiStepLR: a drop at each milestone that a step can be equal to."""
    gamma, milestones = _gamma(found), _milestones(found)
    hit = [int(each) for each in milestones if each.is_integer() and each >= 0]
    missed = [each for each in milestones if not each.is_integer() or each < 0]
    early = sum(each < 0 for each in milestones)
    quirks = quirk(
        "milestones-never-hit",
        f"no step is equal to the milestones {missed}, so nothing happens there",
    )
    last = max(hit, default=0)
    factor = stairs(sorted(hit), gamma)
    return scaling(
        factor,
        bases,
        handed=factor(0) * gamma**early if early else None,
        zeros=None if gamma else hit,
        horizon=last,
        horizon_name="last milestone",
        quirks=quirks if missed else (),
    )


def constant_lr(found: Description, bases: Bases) -> Leaf:
    """ConstantLR: a factor for ``total_iters`` steps, then the base rate."""
    factor, total = found.number("factor"), found.number("total_iters")
    if total < 1 or not total.is_integer():
        says = (
            f"no step is equal to total_iters={total:g}, so {factor:g} stays for good"
        )
        return scaling(
            constant(factor),
            bases,
            handed=1.0 if total <= 0 else None,
            quirks=quirk("holds-its-first-factor", says),
        )
    steps = int(total)
    if factor == 0:
        says = f"step {steps} divides by factor=0 and raises ZeroDivisionError"
        quirks = quirk("raises-at-total_iters", says)
        return scaling(
            constant(0.0), bases, horizon=steps - 1, horizon_name="total_iters - 1",
            quirks=quirks,
        )  # fmt: skip
    says = f"from step {steps} on the rate is the base rate, not {factor:g} of it"
    return scaling(
        _until(steps, factor, 1.0),
        bases,
        horizon=steps,
        horizon_name="total_iters",
        quirks=quirk("resets-to-base-after-total_iters", says) if factor != 1 else (),
    )


def linear_lr(found: Description, bases: Bases) -> Leaf:
    """LinearLR: a line from one factor to another over ``total_iters`` steps."""
    total = found.number("total_iters")
    start, end = found.number("start_factor"), found.number("end_factor")
    steps = int(max(total, 0.0))
    if not steps:
        says = f"total_iters={total:g} leaves no step to rise: {start:g} stays for good"
        return scaling(
            constant(start),
            bases,
            handed="LinearLR with total_iters=0 divides by it" if not total else None,
            quirks=quirk("holds-its-first-factor", says),
        )
    end = start + (end - start) * (steps / total) if steps != total else end
    return scaling(
        linear(steps, start, end), bases, horizon=steps, horizon_name="total_iters"
    )


def exponential_lr(found: Description, bases: Bases) -> Leaf:
    """ExponentialLR: a constant ratio from step to step."""
    gamma = _gamma(found)
    if gamma == 0:
        return scaling(_until(1, 1.0, 0.0), bases, first=0.0, zeros=1)
    return scaling(exponential(gamma), bases, first=gamma)


def polynomial_lr(found: Description, bases: Bases) -> Leaf:
    """PolynomialLR: a power of what is left of ``total_iters`` steps."""
    total, power = found.whole("total_iters"), found.number("power")
    if total < 1:
        says = f"total_iters={total} leaves no step to decay: the base rate stays"
        divides = "PolynomialLR with total_iters=0 divides by it"
        return scaling(
            constant(), bases, handed=None if total else divides,
            quirks=quirk("never-decays", says),
        )  # fmt: skip
    if power < 0:
        msg = f"PolynomialLR: power={power:g} makes its last step divide by zero"
        raise Refused(msg)
    return scaling(
        polynomial(total, power) if power else constant(),
        bases,
        first=(total / (total + 1.0)) ** power,
        horizon=total,
        horizon_name="total_iters",
    )


def cosine_annealing_lr(found: Description, bases: Bases) -> Leaf:
    """CosineAnnealingLR: a cosine wave without end, climbing after ``T_max``."""
    steps, low = found.number("T_max"), found.number("eta_min")
    if steps <= 0 or not (2 * steps).is_integer():
        msg = f"CosineAnnealingLR: T_max={steps:g} is not a whole number of steps"
        raise Refused(msg)
    wave = cosine_wave(int(2 * steps))
    says = f"after step {steps:g} the rate climbs again, to the base rate at step "
    quirks = quirk("climbs-after-T_max", says + f"{2 * steps:g}")
    return Leaf(
        schedules=tuple(towards(wave, base, low) for base in bases),
        bases=bases,
        sets=False,
        moves=tuple(
            {"kind": "cosine", "T_max": steps, "eta_min": low, "base": base}
            for base in bases
        ),
        horizon=int(steps),
        horizon_name="T_max",
        quirks=eta_min_quirks(bases, low) + quirks,
    )


def towards(wave: Schedule, base: float, low: float) -> Schedule:
    """Return what goes from a base rate at 1 to a lowest rate at 0 of a wave."""
    return ((base - low) * wave + low).absolute() if low else wave


def eta_min_quirks(bases: Bases, low: float) -> tuple[Any, ...]:
    """Return the quirk of a lowest rate that is above a base rate."""
    below = [base for base in bases if base < low]
    says = f"eta_min={low:g} is above the base rates {below}: they rise to it"
    return quirk("eta_min-above-base", says) if below else ()


def _until(steps: int, before: float, after: float) -> Schedule:
    return piecewise_constant([steps], [before, after])


def _gamma(found: Description) -> float:
    gamma = found.number("gamma")
    if gamma < 0:
        msg = f"{found.class_name}: gamma={gamma:g} makes rates below zero"
        raise Refused(msg)
    return gamma


def _milestones(found: Description) -> list[float]:
    """Return milestones as often as they are given."""
    given = found.arguments.get("milestones")
    counts = found.get("milestones")
    if not isinstance(given, (list, tuple)):
        if not isinstance(counts, Mapping):
            msg = f"MultiStepLR: milestones are {counts!r}"
            raise Refused(msg)
        given = [each for each, count in counts.items() for _ in range(count)]
        given = [float(each) if isinstance(each, str) else each for each in given]
    if len(given) >= CUT:
        msg = f"MultiStepLR: only the first {CUT} milestones are known"
        raise Refused(msg)
    return [as_number("MultiStepLR: a milestone", each) for each in given]


def stairs(hit: list[int], gamma: float) -> Schedule:
    """Return the drops at sorted milestones; some may be 0 or there twice."""
    if not hit or not hit[-1]:
        return constant(gamma ** len(hit))
    if hit[0] and gamma and len(set(hit)) == len(hit):
        return multistep(hit, gamma)
    steps = sorted({each for each in hit if each})
    passed = [sum(each <= step for each in hit) for step in (0, *steps)]
    return piecewise_constant(steps, [gamma**each for each in passed])
