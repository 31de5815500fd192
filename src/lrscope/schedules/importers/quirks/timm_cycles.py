"""timm's cycles, its rounding included."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lrscope.schedules.arguments import choice, length, number
from lrscope.schedules.evaluated import value
from lrscope.schedules.shapes.shape import Shape


@value
class timm_cycles(Shape):
    """Rates of timm's cosine, polynomial or tanh scheduler, all its cycles.

    f(t) = lr_min + (base·decay^i - lr_min)·g(p), with g(p) =

    - cosine: (1 + cos(π·p^k)) / 2
    - polynomial: (1 - p^k)^power
    - tanh: (1 - tanh(lower·(1 - p) + upper·p)) / 2

    where p is the share of cycle i = 0, 1, … that has passed; ``lr_min`` after the
    last one. Cycles that grow are told apart by a logarithm that is rounded: timm
    then begins some of them a step late, after a step at the end of the one before.
    It is a rate. Source: timm.scheduler.CosineLRScheduler and its siblings.

    Args:
        first: Steps of the first cycle.
        base: Rate at the start of the first cycle.
        lr_min: Lowest rate.
        shape: "cosine", "polynomial" or "tanh".
        grow: Each cycle takes this many times the steps of the one before; from 1.
        decay: Each cycle starts at this factor of the one before.
        cycles: How many.
        k: Power of the time, for "cosine" and "polynomial".
        power: Power of the polynomial.
        lower: Where in the tangent a cycle begins.
        upper: Where in the tangent a cycle ends.

    >>> from lrscope.schedules.importers.quirks.timm_cycles import timm_cycles
    >>> timm_cycles(10, 0.1, cycles=2, decay=0.5)([0, 5, 10, 20]).tolist()
    [0.1, 0.05, 0.05, 0.0]
    """

    first: int = length()
    base: float = number()
    lr_min: float = number(default=0.0)
    shape: str = choice(of=("cosine", "polynomial", "tanh"), default="cosine")
    grow: float = number(default=1.0, low=1.0)
    decay: float = number(default=1.0)
    cycles: int = length(default=1, least=0)
    k: float = number(default=1.0, above=0.0)
    power: float = number(default=0.5)
    lower: float = number(default=-7.0)
    upper: float = number(default=3.0)
    turns = True

    @property
    def length(self) -> int:
        """Steps of all cycles, rounded up, and one for a cycle that ends late."""
        if self.grow == 1:
            return max(self.first * self.cycles, 1)
        whole = (self.grow**self.cycles - 1) / (self.grow - 1)
        return math.ceil(self.first * whole) + 1

    @property
    def is_rate(self) -> bool:
        """True: the values are learning rates."""
        return True

    def _formula(self, t: Any) -> Any:
        if isinstance(t, np.ndarray):
            return np.array([self._one(each) for each in t.tolist()], dtype=float)
        return self._one(t)

    def _one(self, t: float) -> float:
        """Return the rate at a time; ``math`` for both forms, as timm rounds it."""
        if self.grow == 1:
            which, steps = t // self.first, float(self.first)
            inside = t - self.first * which
        else:
            passed = 1 - t / self.first * (1 - self.grow)
            which = math.floor(math.log(passed, self.grow))
            steps = self.grow**which * self.first
            inside = t - (1 - self.grow**which) / (1 - self.grow) * self.first
        if which >= self.cycles:
            return float(self.lr_min)
        top = self.base * self.decay**which - self.lr_min
        return float(self.lr_min + top * self._share(inside, steps))

    def _share(self, inside: float, steps: float) -> float:
        if self.shape == "tanh":
            done = inside / steps
            place = self.lower * (1.0 - done) + self.upper * done
            return 0.5 * (1 - math.tanh(place))
        done = max(inside, 0.0) ** self.k / steps**self.k
        if self.shape == "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))
        return float(max(1 - done, 0.0) ** self.power)
