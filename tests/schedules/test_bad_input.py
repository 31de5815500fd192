"""Nothing is silently repaired: what was needed, what came, what to do."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from lrscope import schedules as s
from lrscope.errors import LrscopeError, ScheduleError
from lrscope.schedules.catalogue import SHAPES

LENGTHS = [
    s.cosine,
    s.linear,
    s.warmup,
    s.rex,
    s.decay,
    s.one_cycle,
    s.step_decay,
    s.inverse_sqrt,
    s.noam,
    s.cyclic,
    s.cosine_wave,
    s.chebyshev,
    s.polynomial,
    s.tanh,
]


@pytest.mark.parametrize("shape", LENGTHS)
@pytest.mark.parametrize(
    "length", [0, -5, 0.5, math.nan, math.inf, True, None, "", "3", [5], 5j]
)
def test_a_length_that_is_none_is_refused_with_its_name_and_value(shape, length):
    with pytest.raises(ScheduleError) as caught:
        shape(length)
    message = str(caught.value)
    assert message.startswith(f"{shape.__name__} needs ")
    assert repr(length) in message


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, "1", None, True, 5j])
def test_a_number_that_is_none_is_refused_with_its_name_and_value(number):
    with pytest.raises(ScheduleError) as caught:
        s.linear(5, end=number)
    assert "linear needs end" in str(caught.value)
    assert repr(number) in str(caught.value)


BAD = [
    (lambda: s.cosine(5, floor=1.5), "floor >= 0 and <= 1, got 1.5; it is a factor"),
    (lambda: s.cosine(5, floor=-0.1), "got -0.1"),
    (lambda: s.cosine(5, power=0), "power > 0, got 0"),
    (lambda: s.exponential(0), "gamma > 0, got 0"),
    (lambda: s.warmup(5, start=-1), "start >= 0, got -1"),
    (lambda: s.warmup(5, shape="lineer"), "shape to be one of 'linear'.*'lineer'"),
    (lambda: s.warmup(0.5), "round it, or give a unit: '10%', '3ep'"),
    (
        lambda: s.multistep([80, 30]),
        r"milestones in rising order, got \[80, 30\]; sort",
    ),
    (lambda: s.multistep([30, 30]), "rising order"),
    (lambda: s.multistep([0, 5]), "whole number >= 1, got 0"),
    (lambda: s.multistep([30.5]), "milestones to be a whole number >= 1, got 30.5"),
    (lambda: s.multistep([]), "a list with at least one entry"),
    (lambda: s.multistep(30), "a list with at least one entry, got 30"),
    (lambda: s.multistep("30"), "a list with at least one entry, got '30'"),
    (lambda: s.piecewise_constant([5], [1]), "2 values for 1 milestones"),
    (lambda: s.piecewise_linear([(5, 1), (3, 0)]), "rising order"),
    (lambda: s.piecewise_linear([(5, 1, 2)]), "pairs of a step and a value"),
    (lambda: s.piecewise_linear([(5, math.nan)]), "finite"),
    (lambda: s.piecewise_linear([5]), "pairs of a step and a value, got 5"),
    (lambda: s.lookup([]), "at least one entry"),
    (lambda: s.lookup([0.1, math.nan]), "finite, got nan"),
    (lambda: s.one_cycle(5, pct_start=1), "pct_start > 0 and < 1, got 1"),
    (lambda: s.one_cycle(5, anneal="cosine"), "one of 'cos', 'linear'"),
    (lambda: s.one_cycle(5, three_phase=1), "True or False, got 1"),
    (lambda: s.tanh(5, 3, 3), "lower < upper, got 3.0 and 3.0"),
    (lambda: s.hyperbolic(5, 4), "upper_bound >= steps, got 4 and 5"),
    (lambda: s.exp_hyperbolic(5, 5, floor=0), "floor > 0 and <= 1, got 0"),
    (lambda: s.noise(2), "amount >= 0 and <= 1, got 2"),
    (lambda: s.noise(0.5, distribution="normal"), "amount <= 1/3"),
    (lambda: s.noise(0.1, seed=0.5), r"seed to be a whole number >= 0, got 0\.5$"),
    (lambda: s.Clock(total_steps=0.5), r"a whole number >= 1, got 0\.5$"),
    (lambda: s.cosine(5)(0.5), r"whole number >= 0, got 0\.5; round it$"),
    (lambda: s.cosine(5).extend(to=0.5), r"extend needs 'to' to be .* or give a unit"),
    (lambda: s.cosine(5).replan(at=0, to=9), "replan needs 'at' to be"),
    (lambda: s.swa_anneal(5, -1), "swa_anneal needs 'to' >= 0, got -1"),
    (
        lambda: s.rex(10**12).sum(),
        r"1,000,000,000,000 steps one by one.*or ask the same shape.*extend\(to=",
    ),
    (lambda: s.radam_warmup(0.5), "beta2 > 0.6 and < 1, got 0.5"),
    (lambda: s.untuned_linear_warmup(1), "beta2 >= 0 and < 1, got 1"),
    (lambda: s.range_test(5, start=0), "start > 0, got 0"),
    (lambda: s.range_test(5, 1e-320, 1e300), "nearer ends"),
    (lambda: s.cyclic(5, scale=math.sqrt, mode="triangular2"), "either a scale or"),
    (lambda: s.function(3), "as a function or as its name"),
    (lambda: s.function("no colon"), 'its name "module:name", got'),
    (lambda: s.function("os:"), 'its name "module:name", got'),
    (lambda: s.cosine(10**400), r"cosine needs steps <= 2\*\*53"),
    (lambda: s.multistep([2**60]), r"milestones <= 2\*\*53"),
    (lambda: s.cosine(10).hold(every="2ep").length, "other units than steps"),
    (lambda: s.cosine(10).hold(every="2ep").settles, "other units than steps"),
    (lambda: s.cosine(10).shift("2ep").length, "other units than steps"),
    (lambda: s.cosine(10).shift("2ep").settles, "other units than steps"),
    (lambda: s.from_json("[" * 100_000), "a schedule is needed as JSON"),
    (lambda: s.function("no_such_module:x")(0), "can be imported"),
    (lambda: s.function("math:no_such")(0), "can be imported"),
    (lambda: s.function("math:pi")(0), "needed as a function"),
    (lambda: s.function(lambda _: math.nan)(3), "finite number, got nan at 3"),
    (lambda: s.function(lambda _: "x")(3), "finite number, got 'x' at 3"),
    (
        lambda: s.warmup_cosine(5, 5),
        r"warmup_cosine needs total_steps > warmup_steps \(5\), got 5",
    ),
    (lambda: s.warmup_cosine(0, 0), r"total_steps > warmup_steps \(0\), got 0"),
    (
        lambda: s.warmup_stable_decay(10, 5, 6),
        r"total_steps > warmup_steps \+ decay_steps \(5 \+ 6\), got 10",
    ),
    (lambda: s.warmup_stable_decay(9, 1, 0), "decay needs decay_steps to be .* >= 1"),
    (lambda: s.warmup_constant(0), "warmup_constant needs warmup_steps to be .* >= 1"),
    (lambda: s.warmup_inverse_sqrt(0), "warmup_inverse_sqrt needs warmup_steps"),
    (lambda: s.warmup_inverse_sqrt(5, timescale=0), "whole number >= 1, got 0"),
    (lambda: s.multiplicative(0.5, 9), "as a function or as its name"),
    (
        lambda: s.multiplicative("math:sqrt", 10**8),
        "multiplicative needs steps <= 10,000,000, got 100000000",
    ),
    (lambda: s.multiplicative(lambda _: 1e200, 9)(0), "finite products, .* at 2$"),
    (lambda: s.multiplicative(lambda _: math.nan, 9)(0), "finite number, got nan at 1"),
    (lambda: s.warmup_linear(9, 1, floor="x"), "warmup_linear needs floor"),
    (lambda: s.trapezoid(9, 1, 1, floor=math.nan), "trapezoid needs floor"),
    (lambda: s.cosine_restarts(0), "cosine_restarts needs first > warmup_steps"),
    (lambda: s.cosine_restarts(5, cycles=0), "cosine_restarts needs cycles .* >= 1"),
    (lambda: s.warmup_cosine(5, -1), "whole number >= 0, got -1"),
    (lambda: s.cosine_restarts(5, grow=0.5), "needs cycles if grow < 1"),
    (
        lambda: s.exponential(1.5, steps=10**4),
        "exponential.*needs finite values, it gets to inf by step 10000",
    ),
    (lambda: s.step_decay(1, 2.0, 2_000), "step_decay.*needs finite values"),
    (lambda: s.Clock(steps_per_epoch=0), "steps_per_epoch to be a whole number >= 1"),
    (lambda: s.cosine("3ep")(0), r"in other units.*schedule.on\(Clock"),
    (lambda: s.cosine("3ep").on(s.Clock()), r"a clock that knows steps_per_epoch"),
    (lambda: s.cosine("1e6 samples").on(s.Clock()), "knows samples_per_step"),
    (
        lambda: s.cosine("3 weeks"),
        "steps as a whole number of steps or as text with a unit.*; got '3 weeks'",
    ),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_bad_input_is_refused_in_words(make, words):
    with pytest.raises(ScheduleError, match=words) as caught:
        make()
    assert isinstance(caught.value, LrscopeError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_what_is_no_value_is_refused_by_every_argument(shape):
    for each in shape.__dataclass_fields__.values():
        for bad in (object(), math.nan, b"5", 5j):
            if each.init:
                who = f"{shape.__name__} needs {each.name}"
                with pytest.raises(ScheduleError, match=re.escape(who)):
                    each.metadata["check"](who, bad)


@pytest.mark.parametrize("value", [500, 500.0, np.int64(500), np.float64(500)])
def test_a_whole_number_is_one_in_any_type(value):
    assert s.cosine(value) == s.cosine(500)
    assert repr(s.cosine(value)) == "cosine(500)"
