"""Seeded noise has the distribution that it says, and no pattern."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrscope import schedules as s

MANY = 400_000
SIGMAS = 5
"""How far a statistic of fixed seeds may be from its expectation."""


def drawn(distribution, seed=0, first=0):
    """Return z of many steps; an amount of 2⁻² keeps 50 of its 53 bits."""
    rough = s.noise(0.25, seed=seed, distribution=distribution)
    return (rough(np.arange(first, first + MANY)) - 1.0) * 4.0


def normal_below(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


@pytest.mark.parametrize("seed", [0, 1, 7, 2**64, 2**70 + 1])
@pytest.mark.parametrize("first", [0, 10**9])
def test_normal_noise_is_normal_until_its_cut(seed, first):
    z = drawn("normal", seed, first)
    assert np.abs(z).max() == 3.0
    edges = [-2.5, -2, -1, -0.5, -0.01, 0, 0.01, 0.5, 1, 2, 2.5]
    for edge in edges:
        share = normal_below(edge)
        room = SIGMAS * math.sqrt(share * (1 - share) / MANY)
        assert abs((z < edge).mean() - share) < room, edge
    cut = (np.abs(z) == 3.0).mean()
    assert abs(cut - 2 * normal_below(-3)) < SIGMAS * math.sqrt(0.0027 / MANY)


@pytest.mark.parametrize("seed", [0, 1, 7, 2**64])
def test_uniform_noise_is_uniform(seed):
    z = drawn("uniform", seed)
    counts, _ = np.histogram(z, bins=100, range=(-1.0, 1.0))
    off = ((counts - MANY / 100) ** 2 / (MANY / 100)).sum()  # χ² with 99 degrees
    assert abs(off - 99) < SIGMAS * math.sqrt(2 * 99)


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_neighbours_and_seeds_have_nothing_to_do_with_each_other(distribution):
    z = drawn(distribution)
    spread = z.var() * SIGMAS / math.sqrt(MANY)
    assert abs(z.mean()) < z.std() * SIGMAS / math.sqrt(MANY)
    for lag in (1, 2, 3, 64, 1000):
        assert abs((z[lag:] * z[:-lag]).mean()) < spread * 1.01
        assert abs((z[lag:] ** 2 * z[:-lag] ** 2).mean() - (z**2).mean() ** 2) < 0.02
    for seed in (1, 2, 2**32, 2**64):
        assert abs((drawn(distribution, seed) * z).mean()) < spread * 1.01


def test_both_halves_of_a_normal_draw_are_apart():
    """Size and sign come from different halves of one hash."""
    z = drawn("normal")
    sizes = np.abs(z)
    far, near = z[sizes > 1.5], z[sizes < 0.5]
    for part in (far, near):
        assert abs((part > 0).mean() - 0.5) < SIGMAS * 0.5 / math.sqrt(part.size)
