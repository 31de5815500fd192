"""Idle: what happened in passes over data in which nothing was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from lrscope.recording.process import Process


def in_idle_passes(process: Process, items: Collection[int]) -> dict[int, int]:
    """Return how often items happened in passes without a step, by row.

    Such a pass usually lies between two rows, so the order within one signature
    says what came in it; each signature is looked through once.
    """
    contents = process.history.contents
    signatures = process.rows.signatures
    known: dict[tuple[int, int], int] = {}
    found: dict[int, int] = {}
    seen = set()
    for each in process.passes:
        last = each.first if each.last is None else each.last
        if each.steps or last >= signatures.size:
            continue
        inside = each.loader
        for row in range(each.first, last + 1):
            if (row, inside) in seen:
                continue
            seen.add((row, inside))
            key = (int(signatures[row]), inside)
            if key not in known or each.first != last:
                runs = contents.signatures.get(key[0], [])
                known[key] = _within(
                    runs, contents.items, inside, items, begun=row > each.first
                )
            if known[key]:
                found[row] = found.get(row, 0) + known[key]
    return found


def _within(
    runs: list[list[int]],
    described: dict[int, dict[str, object]],
    loader: int,
    items: Collection[int],
    *,
    begun: bool,
) -> int:
    """Count items between the beginning and the end of a loader's passes."""
    total = 0
    for item, times in runs:
        happened = described.get(item, {})
        if happened.get("happened") == "pass_began":
            begun = happened.get("loader") == loader
        elif happened.get("happened") == "pass_ended":
            begun = begun and happened.get("loader") != loader
        elif begun and item in items:
            total += times
    return total
