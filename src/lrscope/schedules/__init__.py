"""Schedules: pure values that are a number at every optimizer step. No torch."""

from __future__ import annotations

from lrscope.schedules.clock import Clock
from lrscope.schedules.difference import Difference
from lrscope.schedules.recipes import (
    flat_cosine,
    trapezoid,
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    warmup_polynomial,
    warmup_stable_decay,
)
from lrscope.schedules.restarts import cosine_restarts
from lrscope.schedules.schedule import Schedule
from lrscope.schedules.shapes.adam_warmup import (
    exponential_warmup,
    radam_warmup,
    untuned_exponential_warmup,
    untuned_linear_warmup,
)
from lrscope.schedules.shapes.chebyshev import chebyshev, fractal_chebyshev
from lrscope.schedules.shapes.constant import constant
from lrscope.schedules.shapes.cosine import cosine, cosine_wave
from lrscope.schedules.shapes.cyclic import cyclic, slanted_triangular
from lrscope.schedules.shapes.decay import decay
from lrscope.schedules.shapes.exponential import exponential
from lrscope.schedules.shapes.function import function
from lrscope.schedules.shapes.hyperbolic import exp_hyperbolic, hyperbolic
from lrscope.schedules.shapes.k_decay import k_decay
from lrscope.schedules.shapes.linear import linear
from lrscope.schedules.shapes.multiplicative import multiplicative
from lrscope.schedules.shapes.noise import noise
from lrscope.schedules.shapes.one_cycle import one_cycle
from lrscope.schedules.shapes.powers import (
    inverse_sqrt,
    inverse_time,
    noam,
    polynomial,
    power_law,
)
from lrscope.schedules.shapes.ramps import range_test, swa_anneal
from lrscope.schedules.shapes.rex import rex
from lrscope.schedules.shapes.stairs import multistep, piecewise_constant, step_decay
from lrscope.schedules.shapes.tables import lookup, piecewise_cosine, piecewise_linear
from lrscope.schedules.shapes.tanh import tanh
from lrscope.schedules.shapes.warmup import warmup
from lrscope.schedules.written.as_json import from_json, to_json
from lrscope.schedules.written.parse import parse
from lrscope.schedules.written.text import to_text

__all__ = [
    "Clock",
    "Difference",
    "Schedule",
    "chebyshev",
    "constant",
    "cosine",
    "cosine_restarts",
    "cosine_wave",
    "cyclic",
    "decay",
    "exp_hyperbolic",
    "exponential",
    "exponential_warmup",
    "flat_cosine",
    "fractal_chebyshev",
    "from_json",
    "function",
    "hyperbolic",
    "inverse_sqrt",
    "inverse_time",
    "k_decay",
    "linear",
    "lookup",
    "multiplicative",
    "multistep",
    "noam",
    "noise",
    "one_cycle",
    "parse",
    "piecewise_constant",
    "piecewise_cosine",
    "piecewise_linear",
    "polynomial",
    "power_law",
    "radam_warmup",
    "range_test",
    "rex",
    "slanted_triangular",
    "step_decay",
    "swa_anneal",
    "tanh",
    "to_json",
    "to_text",
    "trapezoid",
    "untuned_exponential_warmup",
    "untuned_linear_warmup",
    "warmup",
    "warmup_constant",
    "warmup_cosine",
    "warmup_inverse_sqrt",
    "warmup_linear",
    "warmup_polynomial",
    "warmup_stable_decay",
]
