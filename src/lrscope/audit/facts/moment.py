"""Moments: places between the rows of a recording, and what had happened by then."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from lrscope.audit.facts.training import Training


class Moment(NamedTuple):
    """A place in a recording; moments are ordered in time.

    Attributes:
        row: rows written before it.
        after: items that had happened by then since the last of these rows.
    """

    row: int
    after: int


def times_before(training: Training, items: Collection[int], moment: Moment) -> int:
    """Return how often any of some items had happened before a moment."""
    if not items:
        return 0
    counts = training.tally.per_row(items)
    found = int(counts[: moment.row].sum())
    if moment.row < counts.size:
        signature = int(training.process.rows.signatures[moment.row])
        found += sum(each in items for each in _made(training, signature, moment.after))
    return found


def moments_of(training: Training, items: Collection[int]) -> list[Moment]:
    """Return when any of some items happened, each time."""
    if not items:
        return []
    rows = np.flatnonzero(training.tally.per_row(items))
    signatures = training.process.rows.signatures
    return [
        Moment(row, place + 1)
        for row in rows.tolist()
        for place, each in enumerate(_made(training, int(signatures[row])))
        if each in items
    ]


def _made(training: Training, signature: int, most: int | None = None) -> list[int]:
    """Return the items of a signature one by one, in order, at most so many."""
    runs = training.process.history.contents.signatures.get(signature, ())
    made: list[int] = []
    for (item, times), so_far in zip(
        runs, accumulate(times for _, times in runs), strict=True
    ):
        if most is not None and so_far >= most:
            return made + [item] * (most - len(made))
        made += [item] * times
    return made
