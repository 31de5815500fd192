"""Every closed form against mpmath with 50 digits, written from its docstring."""

from __future__ import annotations

import math

import mpmath as mp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .table import LONG, nearly, table

mp.mp.dps = 50
UNITS = 4
NEAR_ZERO = 1e-16


def line(a, b, p):
    return a + (b - a) * p


def falling_wave(p):
    return (1 + mp.cos(mp.pi * p)) / 2


def constant(c, t):
    return mp.mpf(c.value)


def linear(c, t):
    return line(mp.mpf(c.start), mp.mpf(c.end), t / c.steps)


def step_decay(c, t):
    return mp.mpf(c.gamma) ** mp.floor(t / c.every)


def multistep(c, t):
    return mp.mpf(c.gamma) ** sum(t >= each for each in c.milestones)


def piecewise_constant(c, t):
    return mp.mpf(c.values[sum(t >= each for each in c.milestones)])


def exponential(c, t):
    return mp.mpf(c.gamma) ** (t / c.every)


def inverse_time(c, t):
    return 1 / (1 + mp.mpf(c.rate) * t / c.every)


def cosine(c, t):
    return line(mp.mpf(c.floor), 1, falling_wave(t / c.steps) ** mp.mpf(c.power))


def cosine_wave(c, t):
    return line(mp.mpf(c.floor), 1, (1 + mp.cos(2 * mp.pi * t / c.period)) / 2)


def polynomial(c, t):
    return line(mp.mpf(c.end), 1, (1 - t / c.steps) ** mp.mpf(c.power))


def inverse_sqrt(c, t):
    return (1 + t / c.timescale) ** mp.mpf(-0.5)


def power_law(c, t):
    return (1 + t / c.timescale) ** -mp.mpf(c.exponent)


def noam(c, t):
    w, now = mp.mpf(c.warmup), t + 1
    both = min(now ** mp.mpf(-0.5), now * w ** mp.mpf(-1.5))
    return both * (mp.sqrt(w) if c.d_model is None else mp.mpf(c.d_model) ** -0.5)


def one_cycle(c, t):
    # the phases' ends are rounded as torch rounds them
    n, share = c.steps, c.pct_start
    low = 1 / mp.mpf(c.div_factor)
    end = low / mp.mpf(c.final_div_factor)
    ends = [float(share * n) - 1, n - 1]
    rates = [low, mp.mpf(1), end]
    if c.three_phase:
        ends.insert(1, float(2 * share * n) - 2)
        rates.insert(2, low)
    t, start = min(t, n - 1), mp.mpf(0)
    for which, stop in enumerate(ends):
        last = which == len(ends) - 1
        if (t <= stop and stop > start) or last:
            p = (t - start) / (stop - start) if stop != start else mp.mpf(1)
            w = p if c.anneal == "linear" else 1 - falling_wave(p)
            return line(rates[which], rates[which + 1], w)
        start = mp.mpf(stop)
    raise AssertionError


def slanted_triangular(c, t):
    cut = math.floor(c.steps * c.cut_frac)
    p = t / cut if t < cut else 1 - (t - cut) / (c.steps - cut)
    return (1 + p * (mp.mpf(c.ratio) - 1)) / mp.mpf(c.ratio)


def cyclic(c, t):
    down = c.down or c.up
    cycle, inside = divmod(int(t), c.up + down)
    height = mp.mpf(inside) / c.up
    if inside > c.up:
        height = 1 - mp.mpf(inside - c.up) / down
    size = {
        "triangular": 1,
        "triangular2": mp.mpf(2) ** -cycle,
        "exp_range": mp.mpf(c.gamma) ** t,
    }[c.mode]
    if c.scale is not None:
        size = mp.mpf(1 / (cycle + 1))
    return line(mp.mpf(c.low), 1, size * height)


def decay(c, t):
    p, ratio = t / c.steps, mp.mpf(c.ratio)
    fall = {
        "linear": lambda: 1 - p,
        "cosine": lambda: falling_wave(p),
        "1-sqrt": lambda: 1 - mp.sqrt(p),
        "1-square": lambda: 1 - p**2,
        "power": lambda: 1 - p ** mp.mpf(c.power),
        "exponential": lambda: (ratio**p - ratio) / (1 - ratio),
    }[c.shape]()
    return line(mp.mpf(c.floor), 1, fall)


def warmup(c, t):
    p = t / c.steps
    start = 1 / mp.mpf(c.steps + 1) if c.start is None else mp.mpf(c.start)
    rise = {
        "linear": lambda: p,
        "constant": lambda: mp.mpf(p == 1),
        "cosine": lambda: 1 - falling_wave(p),
        "1-sqrt": lambda: 1 - mp.sqrt(1 - p),
        "power": lambda: p ** mp.mpf(c.power),
        "logarithmic": lambda: mp.log(1 + t) / mp.log(1 + c.steps),
    }[c.shape]()
    return line(start, 1, rise)


def exponential_warmup(c, t):
    return 1 - mp.exp(-(t + 1) / c.timescale)


def untuned_linear_warmup(c, t):
    return min(mp.mpf(1), (t + 1) * (1 - mp.mpf(c.beta2)) / 2)


def untuned_exponential_warmup(c, t):
    return 1 - mp.exp(-(1 - mp.mpf(c.beta2)) * (t + 1))


def radam_warmup(c, t):
    b = mp.mpf(c.beta2)
    most = 2 / (1 - b) - 1

    def rho(k):
        return most - 2 * k * b**k / (1 - b**k)

    r = rho(t + next(k for k in range(1, 100) if rho(mp.mpf(k)) > 4))
    return mp.sqrt((r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r))


def rex(c, t):
    p = t / c.steps
    return line(mp.mpf(c.floor), 1, (1 - p) / (1 - p / 2))


def tanh(c, t):
    p = t / c.steps
    place = line(mp.mpf(c.lower), mp.mpf(c.upper), p)
    return line(mp.mpf(c.floor), 1, (1 - mp.tanh(place)) / 2)


def k_decay(c, t):
    q = (t / c.steps) ** mp.mpf(c.k)
    fall = falling_wave(q) if c.shape == "cosine" else (1 - q) ** mp.mpf(c.power)
    return line(mp.mpf(c.floor), 1, fall)


def chebyshev(c, t):
    t = min(t, c.steps - 1)
    return line(mp.mpf(c.floor), 1, falling_wave((2 * t + 1) / (2 * c.steps)))


def fractal_chebyshev(c, t):
    n = 1
    while n < c.steps:
        n *= 2

    def order(i, of):
        if of == 1:
            return 0
        inside = order(i // 2, of // 2)
        return of - 1 - inside if i % 2 else inside

    low = mp.mpf(c.low)
    node = mp.cos(mp.pi * (order(int(min(t, c.steps - 1)), n) + mp.mpf(0.5)) / n)
    return 1 / ((1 + low) / 2 - (1 - low) / 2 * node)


def _hyperbola(c, t):
    n, u = c.steps, c.upper_bound
    return mp.sqrt((n - t) / mp.mpf(u) * (2 - (n + t) / mp.mpf(u)))


def hyperbolic(c, t):
    return 1 + (1 - mp.mpf(c.floor)) * (_hyperbola(c, t) - _hyperbola(c, mp.mpf(0)))


def exp_hyperbolic(c, t):
    return mp.mpf(c.floor) ** (_hyperbola(c, mp.mpf(0)) - _hyperbola(c, t))


def lookup(c, t):
    return mp.mpf(c.values[int(min(t, len(c.values) - 1))])


def _between_points(c, t, way):
    points = [(mp.mpf(step), mp.mpf(value)) for step, value in c.points]
    if t <= points[0][0]:
        return points[0][1]
    for (s_, a), (e, b) in zip(points, points[1:]):
        if t <= e:
            return line(a, b, way((t - s_) / (e - s_)))
    return points[-1][1]


def piecewise_linear(c, t):
    return _between_points(c, t, lambda p: p)


def piecewise_cosine(c, t):
    return _between_points(c, t, lambda p: 1 - falling_wave(p))


def noise(c, t):
    word = 2**64

    def mixed(x):
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % word
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB % word
        return x ^ (x >> 31)

    key = mixed((mixed(c.seed % word) ^ (c.seed // word)) % word)
    x = mixed((int(t) * 0x9E3779B97F4A7C15 + key) % word)
    if c.distribution == "uniform":
        z = 2 * mp.mpf(x // 2**11) / 2**53 - 1
    else:
        near, turn = mp.mpf(x // 2**32) / 2**32, mp.mpf(x % 2**32) / 2**32
        z = mp.sqrt(-2 * mp.log(1 - near)) * mp.sin(2 * mp.pi * turn)
    return 1 + mp.mpf(c.amount) * max(min(z, mp.mpf(3)), mp.mpf(-3))


def swa_anneal(c, t):
    p = t / c.steps
    return line(1, mp.mpf(c.to), p if c.strategy == "linear" else 1 - falling_wave(p))


def range_test(c, t):
    p, start, end = t / c.steps, mp.mpf(c.start), mp.mpf(c.end)
    return line(start, end, p) if c.shape == "linear" else start * (end / start) ** p


def function(c, t):
    return mp.mpf(1.0 / (1.0 + (int(t) - 50.0) ** 2 / 100.0))


def multiplicative(c, t):
    """Round after every ratio, as the recursion that it is does."""
    product = 1.0
    for step in range(1, int(t) + 1):
        product *= nearly(step)
    return mp.mpf(product)


FORMULAS = {
    each.__name__: each
    for each in (
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
}
TABLES = {"short": table(), "long": table(LONG)}


def distance(found, exact):
    """Return how far a float is from the truth, 1 being as far as it may be."""
    room = max(UNITS * math.ulp(float(exact)), NEAR_ZERO)
    return float(abs(mp.mpf(found) - exact) / room)


def check(schedule, step):
    name = type(schedule).__name__
    last = schedule.length if schedule.length is not None else step
    exact = FORMULAS[name](schedule, mp.mpf(min(step, last)))
    found = schedule(step)
    assert distance(found, exact) <= 1, (found, mp.nstr(exact, 25))


def test_every_shape_has_a_formula_of_its_own():
    assert set(FORMULAS) == set(TABLES["long"])


@pytest.mark.parametrize("size", TABLES)
@pytest.mark.parametrize("name", FORMULAS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_closed_form_is_exact_to_four_units_in_the_last_place(name, size, data):
    schedule = data.draw(TABLES[size][name])
    end = schedule.length or (LONG if size == "long" else 1000)
    steps = st.integers(0, end) | st.integers(0, 20) | st.integers(end - 20, end + 20)
    for _ in range(4):
        check(schedule, max(data.draw(steps), 0))
