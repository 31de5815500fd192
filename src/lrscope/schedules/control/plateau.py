"""Plateau: lower the rate when a metric stops improving."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from lrscope.errors import ScheduleError
from lrscope.schedules.arguments import choice, finite, number
from lrscope.schedules.control.control import Control, State, count, lowered


@dataclass(frozen=True, repr=False)
class plateau(Control):
    """Lower the rate when a metric has stopped to improve.

    torch's ReduceLROnPlateau, as a factor of every group's rate: what torch calls
    ``min_lr`` and ``eps`` are here parts of the base rate, so groups keep their
    ratios. Two defaults differ. A relative threshold is relative to the magnitude
    of the best metric: with torch's, a loss that stays at -1 counts as ever
    improving and the rate never falls ("rel-torch" does the same). And ``eps`` is 0:
    torch's 1e-8 silently stops all reductions of a rate that small.

    Args:
        mode: "min" for a loss, "max" for an accuracy.
        factor: What a reduction multiplies by, above 0 and below 1.
        patience: Metrics without improvement that are borne; the next one reduces.
        threshold: How much better a metric must be to be an improvement, from 0.
        threshold_mode: "rel", "abs" or "rel-torch".
        cooldown: Metrics after a reduction that do not count as bad.
        min_factor: Factor that is not gone below, from 0.
        eps: A reduction that would be no larger than this is left out.

    Raises:
        ScheduleError: For an argument out of range.

    >>> from lrscope.schedules.control.plateau import plateau
    >>> control = plateau(factor=0.5, patience=1)
    >>> state = control.start()
    >>> for loss in (1.0, 1.0, 1.0):
    ...     state, factor = control(state, loss)
    >>> factor
    0.5
    """

    mode: str = choice(of=("min", "max"), default="min")
    factor: float = number(default=0.1, above=0.0, below=1.0)
    patience: int = count(default=10)
    threshold: float = number(default=1e-4, low=0.0)
    threshold_mode: str = choice(of=("rel", "abs", "rel-torch"), default="rel")
    cooldown: int = count(default=0)
    min_factor: float = number(default=0.0, low=0.0)
    eps: float = number(default=0.0, low=0.0)

    @classmethod
    def like_torch(cls, lr: float, **arguments: Any) -> plateau:
        """Return what ReduceLROnPlateau does to groups whose base rate is ``lr``.

        Args:
            lr: Base rate, above 0.
            **arguments: As torch takes them; ``min_lr`` as one number.

        >>> from lrscope.schedules.control.plateau import plateau
        >>> plateau.like_torch(0.1, min_lr=1e-3).min_factor
        0.01
        """
        lr = _rate(lr)
        low, eps = arguments.pop("min_lr", 0.0), arguments.pop("eps", 1e-8)
        if arguments.get("threshold_mode", "rel") == "rel":
            arguments["threshold_mode"] = "rel-torch"
        return cls(**arguments, min_factor=low / lr, eps=eps / lr)

    def _after(self, state: State, metric: float) -> State:
        better = self._is_better(metric, state.best)
        found = dataclasses.replace(
            state,
            best=metric if better else state.best,
            bad=0 if better or state.waiting else state.bad + 1,
            waiting=max(state.waiting - 1, 0),
        )
        if found.bad <= self.patience:
            return found
        factor = lowered(state.factor, self.factor, self.min_factor, self.eps)
        return dataclasses.replace(found, factor=factor, bad=0, waiting=self.cooldown)


def _rate(lr: Any) -> float:
    found = finite("like_torch needs lr", lr)
    if found <= 0:
        msg = f"like_torch needs lr > 0, got {lr!r}"
        raise ScheduleError(msg)
    return found
