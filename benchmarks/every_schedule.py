"""Every schedule: a real example of each shape, node and quirk, the costliest form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope import Clock
from lrscope import schedules as s
from lrscope.schedules.catalogue import KINDS
from lrscope.schedules.importers.quirks.cut_restarts import cut_restarts
from lrscope.schedules.importers.quirks.phases import phases
from lrscope.schedules.importers.quirks.replayed import replayed
from lrscope.schedules.importers.quirks.timm_cycles import timm_cycles

if TYPE_CHECKING:
    from lrscope.schedules.schedule import Schedule

STEPS = 10_000
CLOCK = Clock(total_steps=STEPS)
PLAIN = s.cosine(STEPS, floor=0.1)
SHORT = s.cosine(100)
CHAIN = """{"parts": [
  {"kind": "cosine", "T_max": 10000.0, "eta_min": 1e-6, "base": 0.1},
  {"kind": "scales", "base": 0.1, "first": 1.0, "handed": null,
   "factor": {"kind": "exponential", "gamma": 0.9995, "every": 1, "steps": null}}
]}"""
"""A ChainedScheduler of torch's that has no closed form, as the importer tells it."""

EXAMPLES: dict[str, Schedule] = {
    "constant": s.constant(0.1),
    "linear": s.linear(STEPS),
    "step_decay": s.step_decay(30, gamma=0.97),
    "multistep": s.multistep([3_000, 6_000, 9_000]),
    "piecewise_constant": s.piecewise_constant([3_000, 6_000], [1.0, 0.5, 0.2]),
    "exponential": s.exponential(0.97, every=240),
    "inverse_time": s.inverse_time(1.0, every=100),
    "cosine": s.cosine(STEPS, floor=0.1, power=2.5),
    "cosine_wave": s.cosine_wave(2_000, floor=0.1),
    "polynomial": s.polynomial(STEPS, power=0.9, end=0.01),
    "inverse_sqrt": s.inverse_sqrt(500),
    "power_law": s.power_law(0.7, timescale=500),
    "noam": s.noam(4_000, d_model=512),
    "one_cycle": s.one_cycle(STEPS, three_phase=True),
    "slanted_triangular": s.slanted_triangular(STEPS),
    "cyclic": s.cyclic(400, mode="exp_range", gamma=0.9999),
    "decay": s.decay(STEPS, "exponential", floor=0.1),
    "warmup": s.warmup(STEPS, shape="power", power=1.5),
    "exponential_warmup": s.exponential_warmup(500),
    "untuned_linear_warmup": s.untuned_linear_warmup(0.999),
    "untuned_exponential_warmup": s.untuned_exponential_warmup(0.999),
    "radam_warmup": s.radam_warmup(0.999),
    "rex": s.rex(STEPS),
    "tanh": s.tanh(STEPS),
    "k_decay": s.k_decay(STEPS, 1.5, shape="polynomial", power=0.9),
    "chebyshev": s.chebyshev(STEPS),
    "fractal_chebyshev": s.fractal_chebyshev(STEPS),
    "hyperbolic": s.hyperbolic(STEPS, 2 * STEPS),
    "exp_hyperbolic": s.exp_hyperbolic(STEPS, 2 * STEPS),
    "lookup": s.lookup([1.0 - step / STEPS for step in range(STEPS)]),
    "piecewise_linear": s.piecewise_linear([(0, 0.0), (500, 1.0), (STEPS, 0.1)]),
    "piecewise_cosine": s.piecewise_cosine([(0, 0.0), (500, 1.0), (STEPS, 0.1)]),
    "noise": s.noise(0.1, seed=7, distribution="normal"),
    "swa_anneal": s.swa_anneal(STEPS, 0.5),
    "range_test": s.range_test(STEPS),
    "function": s.function("math:sqrt"),
    "multiplicative": s.multiplicative("math:sqrt", 100),
    "then": s.warmup(500) >> s.cosine(STEPS - 500, floor=0.1),
    "product": PLAIN * s.noise(0.05),
    "total": PLAIN + s.inverse_sqrt(500),
    "minimum": PLAIN.minimum(s.inverse_sqrt(500)),
    "maximum": PLAIN.maximum(s.inverse_sqrt(500)),
    "quotient": PLAIN / 3,
    "clip": PLAIN.clip(0.2, 0.9),
    "absolute": PLAIN.absolute(3e-4),
    "shift": PLAIN.shift(500),
    "window": PLAIN[500:9_000],
    "reverse": PLAIN.reverse(),
    "stretch": PLAIN.stretch(1.25),
    "repeat": SHORT.repeat(scale=0.99, grow=1.5),
    "hold": PLAIN.hold(every=100),
    "extend": (s.warmup("5%") >> PLAIN).extend(to="80%").on(CLOCK),
    "replan": (s.warmup("5%") >> PLAIN).replan(at="50%", to="80%").on(CLOCK),
    "phases": phases(STEPS, (2_999.0, 9_999.0), (0.04, 1.0, 4e-6)),
    "cut_restarts": cut_restarts(STEPS, 4.0),
    "timm_cycles": timm_cycles(100, 0.1, 1e-5, grow=2.0, cycles=6, decay=0.5),
    "replayed": replayed(CHAIN, 0.1),
}


def every_schedule() -> dict[str, Schedule]:
    """Return the examples.

    Raises:
        LookupError: If the catalogue has something else.
    """
    if set(EXAMPLES) != set(KINDS):
        msg = f"examples for {sorted(set(EXAMPLES) ^ set(KINDS))}"
        raise LookupError(msg)
    return EXAMPLES
