"""Everything that makes a schedule, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.schedules import recipes
from lrscope.schedules.algebra.changed import absolute, clip, hold, quotient
from lrscope.schedules.algebra.combined import maximum, minimum, product, total
from lrscope.schedules.algebra.extended import extend, replan
from lrscope.schedules.algebra.moved import reverse, shift, window
from lrscope.schedules.algebra.repeated import repeat
from lrscope.schedules.algebra.stretched import stretch
from lrscope.schedules.algebra.then import then
from lrscope.schedules.importers.quirks import QUIRKS
from lrscope.schedules.restarts import cosine_restarts
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrscope.schedules.schedule import Schedule

SHAPES: tuple[type[Schedule], ...] = (
    constant,
    linear,
    step_decay,
    multistep,
    piecewise_constant,
    exponential,
    inverse_time,
    cosine,
    cosine_wave,
    polynomial,
    inverse_sqrt,
    power_law,
    noam,
    one_cycle,
    slanted_triangular,
    cyclic,
    decay,
    warmup,
    exponential_warmup,
    untuned_linear_warmup,
    untuned_exponential_warmup,
    radam_warmup,
    rex,
    tanh,
    k_decay,
    chebyshev,
    fractal_chebyshev,
    hyperbolic,
    exp_hyperbolic,
    lookup,
    piecewise_linear,
    piecewise_cosine,
    noise,
    swa_anneal,
    range_test,
    function,
    multiplicative,
)
"""Every shape, in the order of the documentation."""

NODES: tuple[type[Schedule], ...] = (
    then,
    product,
    total,
    minimum,
    maximum,
    quotient,
    clip,
    absolute,
    shift,
    window,
    reverse,
    stretch,
    repeat,
    hold,
    extend,
    replan,
)
"""Everything that is made of other schedules."""

RECIPES: tuple[Callable[..., Schedule], ...] = (
    recipes.warmup_constant,
    recipes.warmup_linear,
    recipes.warmup_cosine,
    recipes.warmup_polynomial,
    recipes.warmup_inverse_sqrt,
    recipes.warmup_stable_decay,
    recipes.trapezoid,
    recipes.flat_cosine,
    cosine_restarts,
)
"""Functions that put shapes together."""

KINDS: dict[str, type[Schedule]] = {
    each.__name__: each for each in (*SHAPES, *NODES, *QUIRKS)
}
"""What the JSON form names."""

CALLABLE: dict[str, Any] = {
    getattr(each, "__name__", ""): each
    for each in (*SHAPES, *RECIPES, *QUIRKS, minimum, maximum)
}
"""What the text form may call."""
