"""Passes: the iterations over DataLoaders, and how many steps each took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.contents import Contents
    from lrscope.recording.rowset import Rowset


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass over a DataLoader.

    Attributes:
        loader: number of the loader.
        length: batches that a whole pass has; None if only running it can tell.
        first: row before which it began.
        last: row before which it ended; None if it was left before its end.
        steps: optimizer steps taken in it.
    """

    loader: int
    length: int | None
    first: int
    last: int | None
    steps: int


def passes_in(contents: Contents, rowset: Rowset) -> tuple[Pass, ...]:
    """Return the passes of a process, in order of their beginning."""
    steps = _steps(contents, rowset)
    found = _boundaries(contents, rowset)
    following = {each["loader"]: rowset.count for each in found}
    stops = []
    for each in reversed(found):
        left_at = following[each["loader"]]
        following[each["loader"]] = each["first"]
        stops.append(left_at if each["last"] is None else each["last"])
    spans = np.searchsorted(
        steps, [(e["first"], stop) for e, stop in zip(found, stops[::-1], strict=True)]
    ).reshape(-1, 2)
    taken = _taken(found, spans, steps.size)
    return tuple(
        Pass(steps=many, **each)
        for many, each in zip(taken.tolist(), found, strict=True)
    )


def _taken(
    found: list[dict[str, Any]], spans: NDArray[np.int64], steps: int
) -> NDArray[np.int64]:
    """Return how many steps were taken in each pass.

    Where a pass was left nothing tells, and it seems to last until its loader is run
    again. Steps that lie in passes of a longer loader are taken to be of that: those
    of a validation that stops early would else count as its own.

    Args:
        found: the passes.
        spans: for each the first step in it and the first after it.
        steps: how many there are.
    """
    taken = spans[:, 1] - spans[:, 0]
    left = np.array([each["last"] is None for each in found])
    lengths = np.array([each["length"] or 0 for each in found])
    if not left.any():
        return taken
    longer = np.zeros(steps + 1, np.int64)  # +1 where passes begin, -1 where they end
    for length in np.unique(lengths)[::-1]:
        same = lengths == length
        free = np.concatenate(([0], np.cumsum(np.cumsum(longer)[:-1] <= 0)))
        own = np.flatnonzero(same & left)
        taken[own] = free[spans[own, 1]] - free[spans[own, 0]]
        np.add.at(longer, spans[same, 0], 1)
        np.add.at(longer, spans[same, 1], -1)
    return taken


def _boundaries(contents: Contents, rowset: Rowset) -> list[dict[str, Any]]:
    """Return loader, length, first and last row of each pass."""
    telling = {}
    for signature, runs in contents.signatures.items():
        items = [contents.items.get(item, {}) for item, n in runs for _ in range(n)]
        ends = [each for each in items if each.get("happened") in _ENDS]
        if ends:
            telling[signature] = ends
    if not telling or not rowset.count:
        return []
    tells = np.zeros(max(rowset.uses.size, 1 + max(telling)), bool)
    tells[list(telling)] = True
    where = np.flatnonzero(tells[rowset.signatures])
    signatures = rowset.signatures[where].tolist()
    found: list[dict[str, Any]] = []
    begun: dict[int, list[dict[str, Any]]] = {}
    for row, signature in zip(where.tolist(), signatures, strict=True):
        for item in telling[signature]:
            loader = item["loader"]
            if item["happened"] == "pass_began":
                length = item.get("length")
                new = {"loader": loader, "length": length, "first": row, "last": None}
                begun.setdefault(loader, []).append(new)
                found.append(new)
            else:
                _end(begun.get(loader, []), int(item.get("later", 0)), row)
    return found


def _end(begun: list[dict[str, Any]], later: int, row: int) -> None:
    """End the pass of a loader after which ``later`` others have begun.

    Those are within it, as where a program looks at some batches of the loader that it
    trains on; one that was left there took no step.
    """
    if later >= len(begun):
        return
    place = len(begun) - 1 - later
    begun[place]["last"] = row
    for each in begun[place + 1 :]:
        if each["last"] is None:
            each["last"] = each["first"]


_ENDS = frozenset({"pass_began", "pass_ended"})


def _steps(contents: Contents, rowset: Rowset) -> NDArray[np.int64]:
    """Return the rows that are steps."""
    return rowset.rows_of(
        [
            number
            for number, layout in contents.layouts.items()
            if layout.get("holds") == "step"
        ]
    )
