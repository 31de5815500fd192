"""The law table: for every shape, schedules of it with any arguments.

A shape without a line here fails ``test_every_shape_has_a_line_in_the_law_table``.
"""

from __future__ import annotations

from hypothesis import strategies as st

from lrscope import schedules as s

SHORT = 200
LONG = 10**9


def share(low=0.0, high=1.0):
    return st.floats(low, high, allow_subnormal=False)


def number(low, high):
    return st.floats(low, high, allow_subnormal=False)


def rising(most, size):
    found = st.lists(st.integers(1, most), min_size=1, max_size=size, unique=True)
    return found.map(sorted)


@st.composite
def stairs(draw, most):
    milestones = draw(rising(most, 5))
    size = len(milestones) + 1
    values = draw(st.lists(number(0, 5), min_size=size, max_size=size))
    return s.piecewise_constant(milestones, values)


@st.composite
def bounded(draw, make, most, low):
    steps = draw(st.integers(1, most))
    upper = draw(st.integers(steps, 2 * most))
    return make(steps, upper, draw(share(low)))


@st.composite
def tables(draw, make, most):
    steps = draw(rising(most, 5))
    start = draw(st.sampled_from([[], [0]]))
    return make([(each, draw(number(0, 2))) for each in [*start, *steps]])


@st.composite
def tangents(draw, most):
    lower = draw(number(-8, 3))
    upper = lower + draw(number(0.5, 8))
    return s.tanh(draw(st.integers(1, most)), lower, upper, draw(share()))


def hill(step):
    """Return what tests use as a function with a name."""
    return 1.0 / (1.0 + (step - 50.0) ** 2 / 100.0)


def nearly(step):
    """Return what tests use as a ratio with a name."""
    return 1.01 - 0.02 * (step % 3)


def fade(cycle):
    """Return what tests use as a scale with a name."""
    return 1.0 / cycle


def table(most=SHORT):
    """Return a strategy for every shape, with lengths up to ``most``."""
    steps = st.integers(1, most)
    ended = st.one_of(st.none(), steps)
    floor, beta2 = share(), number(0.7, 0.99999)
    decays = ["linear", "cosine", "1-sqrt", "1-square", "power", "exponential"]
    rises = ["linear", "constant", "cosine", "1-sqrt", "power", "logarithmic"]
    modes = ["triangular", "triangular2", "exp_range"]
    build = st.builds
    ratio = number(0.5, 1.0).filter(lambda x: x > 0.5)
    return {
        "constant": build(s.constant, number(0, 10), ended),
        "linear": build(s.linear, steps, number(0, 5), number(0, 5)),
        "step_decay": build(s.step_decay, steps, number(0.01, 1), ended),
        "multistep": build(s.multistep, rising(most, 5), number(0.01, 2), ended),
        "piecewise_constant": stairs(most),
        "exponential": build(s.exponential, ratio, steps, ended),
        "inverse_time": build(s.inverse_time, number(0.01, 10), steps, ended),
        "cosine": build(s.cosine, steps, floor, number(0.3, 4)),
        "cosine_wave": build(s.cosine_wave, steps, floor, ended),
        "polynomial": build(s.polynomial, steps, number(0.3, 6), number(0, 2)),
        "inverse_sqrt": build(s.inverse_sqrt, steps, ended),
        "power_law": build(s.power_law, number(0.1, 3), steps, ended),
        "noam": build(s.noam, steps, st.none() | st.integers(1, 4096), ended),
        "one_cycle": build(
            s.one_cycle,
            steps,
            number(0.01, 0.99),
            number(1, 100),
            number(1, 1e5),
            st.sampled_from(["cos", "linear"]),
            st.booleans(),
        ),
        "slanted_triangular": build(
            s.slanted_triangular, steps, number(0.01, 0.99), number(1, 100)
        ),
        "cyclic": st.one_of(
            build(
                s.cyclic,
                steps,
                ended,
                floor,
                st.sampled_from(modes),
                number(0.9, 1),
                steps=ended,
            ),
            build(
                s.cyclic,
                steps,
                scale=st.just(fade),
                scale_by=st.sampled_from(["cycle"]),
            ),
        ),
        "decay": build(
            s.decay,
            steps,
            st.sampled_from(decays),
            floor,
            number(0.3, 3),
            number(0.01, 0.9),
        ),
        "warmup": build(
            s.warmup,
            steps,
            st.none() | number(0, 3),
            st.sampled_from(rises),
            number(0.3, 4),
        ),
        "exponential_warmup": build(s.exponential_warmup, steps, ended),
        "untuned_linear_warmup": build(s.untuned_linear_warmup, number(0, 0.999)),
        "untuned_exponential_warmup": build(
            s.untuned_exponential_warmup, number(0, 0.99999), ended
        ),
        "radam_warmup": build(s.radam_warmup, beta2, ended),
        "rex": build(s.rex, steps, floor),
        "tanh": tangents(most),
        "k_decay": build(
            s.k_decay,
            steps,
            number(0.3, 4),
            st.sampled_from(["cosine", "polynomial"]),
            number(0.5, 3),
            floor,
        ),
        "chebyshev": build(s.chebyshev, steps, floor),
        "fractal_chebyshev": build(s.fractal_chebyshev, steps, number(0.01, 0.9)),
        "hyperbolic": bounded(s.hyperbolic, most, 0.0),
        "exp_hyperbolic": bounded(s.exp_hyperbolic, most, 1e-6),
        "lookup": build(s.lookup, st.lists(number(0, 5), min_size=1, max_size=50)),
        "piecewise_linear": tables(s.piecewise_linear, most),
        "piecewise_cosine": tables(s.piecewise_cosine, most),
        "noise": build(
            s.noise,
            number(0, 0.3),
            st.integers(0, 2**70),
            st.sampled_from(["uniform", "normal"]),
            ended,
        ),
        "swa_anneal": build(
            s.swa_anneal, steps, number(0, 3), st.sampled_from(["cos", "linear"])
        ),
        "range_test": build(
            s.range_test,
            steps,
            number(1e-9, 1),
            number(1e-6, 10),
            st.sampled_from(["exponential", "linear"]),
        ),
        "function": build(s.function, st.just(hill), ended),
        "multiplicative": build(
            s.multiplicative, st.just(nearly), st.integers(1, SHORT)
        ),
    }


TABLE = table()
EVERY = st.one_of(list(TABLE.values()))
"""Any shape with any arguments."""

FINITE = EVERY.map(lambda each: each if each.length else each[:100])
"""Any shape, cut where it has no end."""


def _combined(inner):
    few = st.integers(1, 5)
    ended = inner.map(lambda each: each if each.length else each[:50])
    return st.one_of(
        st.builds(lambda a, b: a >> b, ended, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a.minimum(b), inner, inner),
        st.builds(lambda a, b: a.maximum(b), inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a: -a, inner),
        st.builds(lambda a, n: a / n, inner, st.sampled_from([2, 3, 0.7, -1.5])),
        st.builds(lambda a, n: n - a, inner, number(0, 3)),
        st.builds(lambda a, n: a - n, inner, number(0, 3)),
        st.builds(lambda a, n: n * a, inner, number(0, 3)),
        st.builds(lambda a, n: a + n, inner, number(0, 3)),
        st.builds(lambda a, n: a.clip(low=n, high=n + 0.5), inner, number(0, 1)),
        st.builds(lambda a, n: a.shift(n), inner, st.integers(0, 20)),
        st.builds(lambda a, n: a[:n], inner, st.integers(1, 50)),
        st.builds(lambda a: a.reverse(), ended),
        st.builds(
            lambda a, n: a.stretch(n), inner, st.sampled_from([0.5, 2, 1.25, 2 / 3])
        ),
        st.builds(lambda a, n: a.hold(every=n), inner, few),
        st.builds(
            lambda a, n, scale, grow: a.repeat(n, scale=scale, grow=grow),
            ended,
            few,
            number(0.1, 1.5),
            st.sampled_from([1.0, 2.0, 1.5]),
        ),
    )


TREES = st.recursive(EVERY, _combined, max_leaves=5)
"""Any schedule."""
