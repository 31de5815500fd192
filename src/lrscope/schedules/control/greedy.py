"""Greedy: follow a metric up and down."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from lrscope.schedules.arguments import choice, flag, number
from lrscope.schedules.control.control import Control, State, count, lowered


@dataclass(frozen=True, repr=False)
class greedy(Control):
    """Raise the rate while a metric keeps improving, lower it when it has stopped.

    transformers' GreedyLR, as a factor of every group's rate: its ``min_lr`` and
    ``max_lr`` are here parts of the base rate. NaN and infinities are left out of
    the average, which they would spoil for good. Source: "GreedyLR", 2025,
    arXiv:2512.14527.

    Args:
        mode: "min" for a loss, "max" for an accuracy.
        factor: What a reduction multiplies by and a rise divides by, in (0, 1).
        patience: Metrics in a row that are borne; the next one changes the factor.
        threshold: How much better a metric must be to be an improvement, from 0.
        threshold_mode: "rel", "abs" or "rel-torch", as for ``plateau``.
        cooldown: Metrics ignored after a reduction.
        warmup: Metrics ignored after a rise.
        min_factor: Factor that is not gone below, from 0.
        max_factor: Factor that is not gone above, at least 1.
        eps: A change that would be no larger than this is left out.
        smooth: Whether to average the latest metrics.
        window_size: How many of them.
        reset_start: Reductions at ``min_factor`` until all begins anew.

    Raises:
        ScheduleError: For an argument out of range.

    >>> from lrscope.schedules.control.greedy import greedy
    >>> control = greedy(factor=0.5, patience=0)
    >>> control(control.start(), 1.0)[1]
    2.0
    """

    mode: str = choice(of=("min", "max"), default="min")
    factor: float = number(default=0.95, above=0.0, below=1.0)
    patience: int = count(default=10)
    threshold: float = number(default=1e-6, low=0.0)
    threshold_mode: str = choice(of=("rel", "abs", "rel-torch"), default="abs")
    cooldown: int = count(default=0)
    warmup: int = count(default=0)
    min_factor: float = number(default=0.01, low=0.0)
    max_factor: float = number(default=10.0, low=1.0)
    eps: float = number(default=0.0, low=0.0)
    smooth: bool = flag(default=False)
    window_size: int = count(default=50, least=1)
    reset_start: int = count(default=500, least=1)

    def _after(self, state: State, metric: float) -> State:
        if self.smooth and math.isfinite(metric):
            window = (*state.window, metric)[-self.window_size :]
            state = dataclasses.replace(state, window=window)
            metric = math.fsum(window) / len(window)
        if state.waiting:
            waiting = state.waiting - 1
            return dataclasses.replace(state, waiting=waiting, bad=0, good=0)
        better = self._is_better(metric, state.best)
        found = dataclasses.replace(
            state,
            best=metric if better else state.best,
            bad=0 if better else state.bad + 1,
            good=state.good + 1 if better else 0,
        )
        if found.good > self.patience:
            return self._raised(found)
        return self._lowered(found) if found.bad > self.patience else found

    def _raised(self, state: State) -> State:
        higher = min(state.factor / self.factor, self.max_factor)
        factor = higher if higher - state.factor > self.eps else state.factor
        return dataclasses.replace(
            state, factor=factor, good=0, resting=0, waiting=self.warmup
        )

    def _lowered(self, state: State) -> State:
        factor = lowered(state.factor, self.factor, self.min_factor, self.eps)
        resting = state.resting + (factor <= self.min_factor)
        if resting >= self.reset_start:
            return dataclasses.replace(self.start(), waiting=self.cooldown)
        return dataclasses.replace(
            state, factor=factor, bad=0, resting=resting, waiting=self.cooldown
        )
