"""Recipes put shapes together and have no maths of their own."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from lrscope import schedules as s
from lrscope.schedules import recipes, restarts
from lrscope.schedules.catalogue import RECIPES

STEPS = np.arange(1_000)


def test_every_recipe_is_in_the_catalogue():
    written = {
        name
        for module in (recipes, restarts)
        for name, each in vars(module).items()
        if inspect.isfunction(each)
        and each.__module__ == module.__name__
        and not name.startswith("_")
    }
    assert {each.__name__ for each in RECIPES} == written


@pytest.mark.parametrize(
    ("recipe", "plan"),
    [
        (s.warmup_constant(5), s.warmup(5) >> s.constant()),
        (s.warmup_linear(20, 5, floor=0.1), s.warmup(5) >> s.linear(15, end=0.1)),
        (s.warmup_cosine(20, 5), s.warmup(5) >> s.cosine(15)),
        (s.warmup_cosine(20, 0), s.cosine(20)),
        (s.warmup_polynomial(20, 5, power=2), s.warmup(5) >> s.polynomial(15, 2)),
        (s.warmup_inverse_sqrt(5, timescale=9), s.warmup(5) >> s.inverse_sqrt(9)),
        (
            s.warmup_stable_decay(20, 5, 4, shape="1-sqrt", floor=0.1),
            s.warmup(5) >> s.constant(steps=11) >> s.decay(4, "1-sqrt", floor=0.1),
        ),
        (
            s.warmup_stable_decay(20, 0, 4, shape="exponential", ratio=0.5),
            s.constant(steps=16) >> s.decay(4, "exponential", ratio=0.5),
        ),
        (s.trapezoid(20, 0, 4), s.constant(steps=16) >> s.linear(4)),
        (s.flat_cosine(20, 15), s.constant(steps=15) >> s.cosine(5)),
        (s.flat_cosine(20, 0), s.cosine(20)),
        (s.cosine_restarts(20, cycles=3), s.cosine(20).repeat(3)),
        (
            s.cosine_restarts(20, warmup_steps=5, grow=2.0, cycles=3),
            (s.warmup(5) >> s.cosine(15)).repeat(3, grow=2.0),
        ),
    ],
    ids=repr,
)
def test_a_recipe_is_a_plan_of_shapes(recipe, plan):
    assert recipe == plan
    assert s.parse(repr(recipe)) == plan


@pytest.mark.parametrize("warmup", [0, 20])
def test_restarts_with_falling_peaks_all_come_down_to_the_floor(warmup):
    plan = s.cosine_restarts(100, scale=0.5, floor=0.1, warmup_steps=warmup, cycles=3)
    cycle, rest = np.divmod(np.arange(300), 100)
    wave = (1 + np.cos(np.pi * (rest - warmup) / (100 - warmup))) / 2
    wave = np.where(rest < warmup, rest / max(warmup, 1), wave)
    expected = 0.1 + (0.5**cycle - 0.1) * wave
    np.testing.assert_allclose(plan(np.arange(300)), expected, atol=1e-12)
    assert plan.final == pytest.approx(0.1)
