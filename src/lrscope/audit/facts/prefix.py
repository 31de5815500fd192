"""Prefix: the beginning of a decay that a warm-up took the place of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrscope.audit.facts.stairs import NOTCHES, stairs_of

if TYPE_CHECKING:
    from lrscope.audit.facts.group import Group

FITS = 0.01
"""How far from the curve a rate may be, as a share of the base rate."""

LEAST = 8
"""Values of the decay that must lie on the curve."""


class Prefix(NamedTuple):
    """A decay that was under way when its warm-up ended.

    Attributes:
        curve: what the decay is, "cosine" or "linear".
        at: update of its first value that was used.
        rate: this value.
        base: where the decay began, at update 0.
    """

    curve: str
    at: int
    rate: float
    base: float


def prefix_of(group: Group) -> Prefix | None:
    """Return what a warm-up cut off a decay from the rate the group was made with.

    It is where all rates after the first rise lie on a cosine or a line that leads from
    that rate at the first update to 0 or the lowest rate at the end of the run.
    """
    base, rise = float(group.track.description.lr), group.rise
    if group.begins or not base > 0 or rise <= NOTCHES:
        return None
    stairs = stairs_of(group)
    low = float(stairs.values[-1])
    first = rise - (stairs.values[rise - 1] > 0.999 * base)
    for begin in {rise - 1, first, rise}:
        values, starts = stairs.values[begin:], stairs.starts[begin:]
        if values.size < LEAST or values[0] >= base or not (np.diff(values) < 0).all():
            continue
        end = float(starts[-1])
        for name in ("cosine", "linear"):
            for total in (end, float(group.applied.size), end + stairs.lengths[begin]):
                for floor in (0.0, low):
                    due = floor + (base - floor) * _share(name, starts / total)
                    if np.abs(due - values).max() <= FITS * base:
                        return Prefix(name, int(starts[0]), float(values[0]), base)
    return None


def _share(curve: str, progress: np.ndarray) -> np.ndarray:
    if curve == "linear":
        return 1 - progress
    return (1 + np.cos(np.pi * progress)) / 2
