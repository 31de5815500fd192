"""The functions of transformers.optimization as schedules: factors of the base rate."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lrscope.schedules.algebra.stretched import stretch
from lrscope.schedules.importers.description import Refused
from lrscope.schedules.importers.leaf import quirk
from lrscope.schedules.importers.quirks.cut_restarts import cut_restarts
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine_wave
from lrscope.schedules.shapes.decay import decay
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.powers import inverse_sqrt, polynomial
from lrscope.schedules.shapes.warmup import warmup

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.importers.imported import Quirk
    from lrscope.schedules.schedule import Schedule

Found = tuple["Schedule", "int | None", str, "tuple[Quirk, ...]"]
"""A factor, its horizon, the name of that, and quirks."""


def constant_factor(call: Description) -> Found:
    """No change."""
    del call
    return constant(), None, "", ()


def constant_with_warmup_factor(call: Description) -> Found:
    """A warm-up, then no change."""
    steps = call.whole("num_warmup_steps")
    return _warmed(steps, constant()), steps, "num_warmup_steps", _zero(steps)


def linear_factor(call: Description) -> Found:
    """A warm-up, then a line to 0."""
    steps, left, total = _spans(call)
    straight = linear(left) if total > steps else constant(0.0)
    return _warmed(steps, straight), total, "num_training_steps", _zero(steps)


def cosine_factor(call: Description) -> Found:
    """A warm-up, then a cosine wave that nothing stops."""
    steps, left, total = _spans(call)
    rate = call.number("min_lr_rate") if call.has("min_lr_rate") else 0.0
    cycles = call.number("num_cycles")
    wave = _raised(_wave(left, cycles), rate)
    quirks = _zero(steps) + _rises(total, wave[left:], cycles)
    return _warmed(steps, wave), total, "num_training_steps", quirks


def restarts_factor(call: Description) -> Found:
    """A warm-up, then half cosines, then 0."""
    steps, left, total = _spans(call)
    cycles = call.number("num_cycles")
    waves = cut_restarts(left, cycles)
    quirks = _zero(steps) + _lost(waves, steps)
    return _warmed(steps, waves), total, "num_training_steps", quirks


def polynomial_factor(call: Description) -> Found:
    """A warm-up, then a power of what is left."""
    steps, left, total = _spans(call)
    own, power = call.number("lr_init"), call.number("power")
    end = call.number("lr_end") / own
    if total == steps:
        msg = f"{call.class_name}: a warm-up of all {total} steps makes its end fail"
        raise Refused(msg)
    if power <= 0:
        msg = f"{call.class_name}: power={power:g} is not above 0"
        raise Refused(msg)
    fall = polynomial(left, power, end) if total > steps else constant(end)
    quirks = _zero(steps)
    if call.rates[0] != own:
        says = (
            f"lr_end is {end:.3g} of the optimizer's default rate {own:g}; this "
            f"group's rate is {call.rates[0]:g}, so it ends at another rate"
        )
        quirks += quirk("hf-end-is-relative-to-the-default-rate", says)
    return _warmed(steps, fall), total, "num_training_steps", quirks


def inverse_sqrt_factor(call: Description) -> Found:
    """A warm-up, then one over the root of the time."""
    steps, scale = call.whole("num_warmup_steps"), call.whole("timescale")
    return _warmed(steps, inverse_sqrt(scale)), None, "", _zero(steps)


def cosine_early_factor(call: Description) -> Found:
    """A warm-up and a cosine wave, both one step ahead."""
    steps, left, total = _spans(call)
    rate = call.number("min_lr_rate") if call.has("min_lr_rate") else 0.0
    wave = _raised(_wave(left, call.number("num_cycles")), rate)
    says = (
        f"its cosine is one step ahead: it reaches its end at step {total - 1}, not "
        f"{total}"
    )
    quirks = quirk("hf-one-step-early", says)
    quirks += _rises(total - 1, wave[left:], call.number("num_cycles"))
    start = call.get("warmup_lr_rate")
    if start is None:
        rise = linear(max(steps, 1), 1 / max(steps, 1), 1 + 1 / max(steps, 1))
    else:
        first = call.number("warmup_lr_rate")
        end = first + (1 - first) * steps / max(1, steps - 1)
        rise = linear(max(steps, 1), first, end)
    late = wave[1:]
    found = rise >> late if steps else late
    return found, total - 1, "num_training_steps - 1", quirks


def stable_decay_factor(call: Description) -> Found:
    """A warm-up, a constant, a decay."""
    steps, hold = call.whole("num_warmup_steps"), call.whole("num_stable_steps")
    fall_steps, low = call.whole("num_decay_steps"), call.number("min_lr_ratio")
    kind, shape = str(call.get("warmup_type")), str(call.get("decay_type"))
    if not 0 <= low <= 1:
        msg = f"{call.class_name}: min_lr_ratio={low:g} is not from 0 to 1"
        raise Refused(msg)
    if shape == "cosine":
        one = _wave(max(fall_steps, 1), call.number("num_cycles"))
        fall = _raised(one, low)[: max(fall_steps, 1)] >> constant(low)
    else:
        fall = decay(max(fall_steps, 1), shape, floor=low)
    if fall_steps < 1 or hold <= -fall_steps:
        fall = constant(low)
    elif hold < 0:
        fall = fall[-hold:]
    found = constant(steps=hold) >> fall if hold > 0 else fall
    if steps > 0:
        found = warmup(steps, low, kind) >> found
    name = "num_warmup_steps + num_stable_steps + num_decay_steps"
    end = max(steps + hold + fall_steps, 0)
    return found, end, name, _zero(steps) if low == 0 else ()


def _spans(call: Description) -> tuple[int, int, int]:
    """Return steps of the warm-up, of what follows (at least 1) and of both."""
    steps, total = call.whole("num_warmup_steps"), call.whole("num_training_steps")
    return max(steps, 0), max(1, total - max(steps, 0)), total


def _warmed(steps: int, then: Schedule) -> Schedule:
    return linear(steps, 0.0, 1.0) >> then if steps > 0 else then


def _wave(steps: int, cycles: float) -> Schedule:
    """Return a cosine wave with so many cycles in so many steps."""
    exact = abs(Fraction(repr(cycles)))
    if not exact:
        return constant()
    wave = cosine_wave(steps * exact.denominator)
    return wave if exact.numerator == 1 else stretch(wave, 1, exact.numerator)


def _raised(wave: Schedule, low: float) -> Schedule:
    if low == 0:
        return wave
    found = (1.0 - low) * wave + low
    return found if 0 <= low <= 1 else found.clip(low=0.0)


def _zero(steps: int) -> tuple[Quirk, ...]:
    says = "the warm-up begins at 0: the first update changes nothing"
    return quirk("first-update-at-zero", says) if steps > 0 else ()


def _lost(waves: cut_restarts, warmup_steps: int) -> tuple[Quirk, ...]:
    """Return the quirk of restarts that rounding loses."""
    several = int(min(abs(waves.cycles), 1e4)) if waves.cycles.is_integer() else 0
    begins = [
        each * waves.steps // several
        for each in range(1, several)
        if each * waves.steps % several == 0
    ]
    lost = [each + warmup_steps for each in begins if waves(each) < 0.5]
    says = f"the restarts at {lost} come a step late: a quotient is rounded"
    return quirk("hf-restart-lost-to-rounding", says) if lost else ()


def _rises(total: int, after: Schedule, cycles: float) -> tuple[Quirk, ...]:
    says = (
        f"after step {total} the wave goes on from {after(0):.3g} of the base rate: "
        "nothing stops it"
    )
    return quirk("hf-cosine-rises-again", says) if cycles else ()
