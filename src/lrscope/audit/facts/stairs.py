"""Stairs: the rates of a group, each value once for as long as it was kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.audit.facts.group import Group

NOTCHES = 3
"""Changes of a kind that tell how large a usual one is."""


@dataclass(frozen=True, slots=True)
class Stairs:
    """Rates without repetitions.

    Attributes:
        values: the rates, no two neighbours equal.
        starts: the update, an index into ``applied``, where each begins.
        lengths: updates that each lasted.
    """

    values: NDArray[np.float64]
    starts: NDArray[np.int32]
    lengths: NDArray[np.int32]


def stairs_of(group: Group) -> Stairs:
    """Return the stairs of a group's rates."""
    lr, changes = group.applied, group.changes
    starts = np.concatenate((np.zeros(1, np.int32), changes))
    values = lr if starts.size == lr.size else lr[starts]
    return Stairs(values, starts, np.diff(starts, append=np.int32(lr.size)))
