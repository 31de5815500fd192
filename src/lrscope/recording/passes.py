"""Passes: the iterations over DataLoaders, and how many steps each took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
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
    steps = np.concatenate(([0], np.cumsum(_is_step(contents, rowset))))
    found = _boundaries(contents, rowset)
    following = {each["loader"]: rowset.count for each in found}
    passes = []
    for each in reversed(found):
        stop = each["last"] if each["last"] is not None else following[each["loader"]]
        following[each["loader"]] = each["first"]
        taken = int(steps[stop] - steps[each["first"]])
        passes.append(Pass(steps=taken, **each))
    return tuple(reversed(passes))


def _boundaries(contents: Contents, rowset: Rowset) -> list[dict[str, Any]]:
    """Return loader, length, first and last row of each pass."""
    telling = {}
    for signature, runs in contents.signatures.items():
        items = [contents.items.get(item, {}) for item, n in runs for _ in range(n)]
        ends = [each for each in items if each.get("happened") in _ENDS]
        if ends:
            telling[signature] = ends
    where = np.flatnonzero(np.isin(rowset.signatures, list(telling)))
    signatures = rowset.signatures[where].tolist()
    found: list[dict[str, Any]] = []
    running: dict[int, dict[str, Any]] = {}
    for row, signature in zip(where.tolist(), signatures, strict=True):
        for item in telling[signature]:
            loader = item["loader"]
            if item["happened"] == "pass_began":
                length = item.get("length")
                begun = {"loader": loader, "length": length, "first": row, "last": None}
                running[loader] = begun
                found.append(begun)
            elif loader in running:
                running.pop(loader)["last"] = row
    return found


_ENDS = frozenset({"pass_began", "pass_ended"})


def _is_step(contents: Contents, rowset: Rowset) -> np.ndarray[Any, np.dtype[np.bool_]]:
    layouts = [
        number
        for number, layout in contents.layouts.items()
        if layout.get("holds") == "step"
    ]
    is_step = np.zeros(rowset.count, bool)
    is_step[rowset.rows_of(layouts)] = True
    return is_step
