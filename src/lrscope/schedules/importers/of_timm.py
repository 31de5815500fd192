"""timm's schedulers: ``step(t)`` or ``step_update(t)`` is told the step t."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lrscope.schedules.importers.begun import from_step
from lrscope.schedules.importers.description import CUT, Refused, as_number
from lrscope.schedules.importers.leaf import Leaf, quirk
from lrscope.schedules.importers.live import NOISE
from lrscope.schedules.importers.of_torch import stairs, towards
from lrscope.schedules.importers.of_torch_cycles import as_rate, setting
from lrscope.schedules.importers.quirks.timm_cycles import timm_cycles
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine
from lrscope.schedules.shapes.decay import decay
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.powers import inverse_sqrt, polynomial, power_law
from lrscope.schedules.shapes.stairs import step_decay
from lrscope.schedules.shapes.tables import lookup

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.importers.imported import Quirk
    from lrscope.schedules.schedule import Schedule

Bases = tuple[float, ...]


def cosine_scheduler(found: Description, bases: Bases) -> Leaf:
    """CosineLRScheduler: half cosines."""
    return _cycles(found, bases, "cosine")


def poly_scheduler(found: Description, bases: Bases) -> Leaf:
    """PolyLRScheduler: powers of what is left."""
    return _cycles(found, bases, "polynomial")


def tanh_scheduler(found: Description, bases: Bases) -> Leaf:
    """TanhLRScheduler: pieces of the hyperbolic tangent."""
    return _cycles(found, bases, "tanh")


def step_scheduler(found: Description, bases: Bases) -> Leaf:
    """StepLRScheduler: a drop every ``decay_t`` steps."""
    factor = step_decay(found.whole("decay_t"), found.number("decay_rate"))
    return _warmed(found, bases, (factor,) * len(bases))


def multi_step_scheduler(found: Description, bases: Bases) -> Leaf:
    """MultiStepLRScheduler: a drop one step before each milestone."""
    given = found.get("decay_t")
    if not isinstance(given, (list, tuple)) or len(given) >= CUT:
        msg = f"MultiStepLRScheduler: decay_t={given!r} are no milestones"
        raise Refused(msg)
    milestones = [as_number("MultiStepLRScheduler: decay_t", each) for each in given]
    hit = sorted(max(math.ceil(each) - 1, 0) for each in milestones)
    factor = stairs(hit, found.number("decay_rate"))
    says = f"the milestones {given} act one step early, at {hit}"
    return _warmed(
        found,
        bases,
        (factor,) * len(bases),
        horizon=max(hit, default=0),
        horizon_name="last milestone - 1",
        quirks=quirk("timm-milestones-act-one-early", says) if hit else (),
    )


def wsd_scheduler(found: Description, bases: Bases) -> Leaf:
    """WSDLRScheduler: warm-up, stable, decay."""
    total, steps = found.whole("t_initial"), found.whole("decay_t")
    low, kind = found.number("lr_min"), found.get("decay_fn")
    if not isinstance(kind, str):
        msg = "WSDLRScheduler: decay_fn is a function of its user: it cannot be read"
        raise Refused(msg)
    names = {"exp": "exponential"}
    fall: Schedule = decay(
        steps,
        names.get(kind, kind),
        power=found.number("decay_power") if kind == "power" else 0.5,
        ratio=found.number("decay_ratio") if kind == "exp" else 0.1,
    )
    if total > steps:
        fall = constant(steps=total - steps) >> fall
    return _warmed(
        found,
        bases,
        tuple(_stable(found, base, low, fall) for base in bases),
        prefix=True,
        horizon=total,
        horizon_name="t_initial",
    )


def _stable(found: Description, base: float, low: float, fall: Schedule) -> Schedule:
    """Return a group's rates after the warm-up."""
    kind = found.get("stable_fn")
    if kind == "constant":
        if low > base:
            return constant(low).absolute()
        return towards(fall, base, low)
    scale = found.whole("stable_timescale")
    power = found.number("stable_power")
    slow = inverse_sqrt(scale) if kind == "rsqrt" else power_law(power, scale)
    rates = slow.absolute(base)
    if not low:
        return rates * fall
    rest = (-1.0 * fall + 1.0).absolute(low)
    return rates.maximum(low) * fall + rest


def _cycles(found: Description, bases: Bases, shape: str) -> Leaf:
    """Return one of the schedulers that go round in cycles."""
    first, low = found.whole("t_initial"), found.number("lr_min")
    grow, drop = found.number("cycle_mul"), found.number("cycle_decay")
    cycles = found.whole("cycle_limit")
    if grow < 1:
        msg = f"{found.class_name}: cycle_mul={grow:g} shrinks cycles until it fails"
        raise Refused(msg)
    known: dict[str, Any] = {}
    if shape == "tanh":
        known = {"lower": found.number("lb"), "upper": found.number("ub")}
    else:
        known = {"k": found.number("k_decay")}
    if shape == "polynomial":
        known["power"] = found.number("power")
    plain = grow == 1 and cycles == 1 and known.get("k") == 1
    if plain and shape == "cosine":
        each = tuple(towards(cosine(first), base, low) for base in bases)
    elif plain and known["power"] > 0:
        fall = polynomial(first, known["power"])
        each = tuple(towards(fall, base, low) for base in bases)
    else:
        several = {"grow": grow, "decay": drop, "cycles": cycles, **known}
        each = tuple(timm_cycles(first, base, low, shape, **several) for base in bases)
    lost = _lost(first, grow, cycles)
    end = first * cycles
    if grow != 1:
        end = math.ceil(first * (grow**cycles - 1) / (grow - 1))
    return _warmed(
        found, bases, each, horizon=end, horizon_name="all cycles", quirks=lost
    )


def _lost(first: int, grow: float, cycles: int) -> tuple[Quirk, ...]:
    """Return the quirk of restarts that a rounded logarithm loses."""
    if grow == 1:
        return ()
    begins = [
        round(first * (grow**which - 1) / (grow - 1))
        for which in range(1, min(cycles, 64))
        if (first * (grow**which - 1) / (grow - 1)).is_integer()
    ]
    lost = [
        begin
        for which, begin in enumerate(begins, 1)
        if grow.is_integer()
        and math.floor(math.log(1 - begin / first * (1 - grow), grow)) < which
    ]
    says = f"the restarts at {lost} come a step late: a logarithm is rounded"
    return quirk("timm-restart-lost-to-rounding", says) if lost else ()


def _warmed(
    found: Description,
    bases: Bases,
    mains: tuple[Schedule, ...],
    *,
    prefix: bool | None = None,
    **rest: Any,
) -> Leaf:
    """Return the schedules with timm's warm-up before them or in their place."""
    if found.get("param_group_field", "lr") != "lr":
        msg = f"{found.class_name} schedules {found.get('param_group_field')!r}"
        raise Refused(msg)
    steps = found.whole("warmup_t")
    before = bool(found.get("warmup_prefix")) if prefix is None else prefix
    quirks: tuple[Quirk, ...] = rest.pop("quirks", ())
    horizon = rest.pop("horizon", None)
    made = []
    for base, main in zip(bases, mains):
        schedule, more = _one_warmed(found, base, main, steps, before=before)
        made.append(schedule)
        names = [each.name for each in quirks]
        quirks += tuple(each for each in more if each.name not in names)
    if horizon is not None:
        horizon = horizon + steps if before else max(horizon, steps)
    scales = [float(each.get("lr_scale", 1.0)) for each in found.groups]
    scaled = [
        each if scale == 1 else scale * each
        for each, scale in zip(made, scales or [1.0] * len(made))
    ]
    noisy = _noise(found)
    if noisy is not None:
        scaled = [noisy * as_rate(each, base) for each, base in zip(scaled, bases)]
    return setting(tuple(scaled), bases, quirks=quirks, horizon=horizon, **rest)


def _noise(found: Description) -> Schedule | None:
    """Return what timm's noise multiplies by; it is seeded, but by torch's numbers."""
    if found.get("noise_range_t") is None:
        return None
    values = found.get(NOISE)
    if values is None:
        msg = (
            f"{found.class_name}: its noise comes from torch's random numbers; a live "
            "scheduler can be asked for it if noise_range_t has an end"
        )
        raise Refused(msg)
    first = int(found.get("noise_range_t")[0])
    noisy = lookup([1.0 + each for each in values]) >> constant()
    return constant(steps=first) >> noisy if first else noisy


def _one_warmed(
    found: Description, base: float, main: Schedule, steps: int, *, before: bool
) -> tuple[Schedule, tuple[Quirk, ...]]:
    if steps < 1:
        return _constructed(main, base)
    start = found.number("warmup_lr_init")
    tail = main
    quirks: tuple[Quirk, ...] = ()
    if not before:
        tail = from_step(main, steps)
    joined = tail(0) * (1.0 if tail.is_rate else base)
    end = joined if found.class_name == "TanhLRScheduler" and not before else base
    if abs(joined - base) > 1e-6 * abs(base):
        says = (
            f"the warm-up of {steps} steps takes the place of as many steps of the "
            f"decay, which goes on at {joined:.3g} instead of {base:.3g}"
        )
        quirks = quirk("timm-warmup-eats-the-decay", says)
    return linear(steps, start, end).absolute() >> as_rate(tail, base), quirks


def _constructed(main: Schedule, base: float) -> tuple[Schedule, tuple[Quirk, ...]]:
    """Return what the construction writes before the first step, then the rest."""
    first = main(0) * (1.0 if main.is_rate else base)
    if first == base:
        return main, ()
    hold = constant(steps=1)
    says = f"until its first step the rate is the base rate, not {first:.3g}"
    begin = hold.absolute(base) if main.is_rate else hold
    return begin >> from_step(main, 1), quirk("timm-begins-at-the-base-rate", says)
