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


def around_idle_passes(process: Process, items: Collection[int]) -> list[int]:
    """Return the rows before which an item happened on both sides of such passes."""
    contents, signatures = process.history.contents, process.rows.signatures
    within: dict[int, set[int]] = {}  # loaders of passes that lie between two rows
    for each in process.passes:
        if not each.steps and each.first == each.last and each.first < signatures.size:
            within.setdefault(each.first, set()).add(each.loader)
    known: dict[tuple[int, frozenset[int]], bool] = {}
    found = []
    for row, loaders in sorted(within.items()):
        key = (int(signatures[row]), frozenset(loaders))
        if key not in known:
            runs = contents.signatures.get(key[0], [])
            known[key] = _on_both_sides(runs, contents.items, loaders, items)
        if known[key]:
            found.append(row)
    return found


def _on_both_sides(
    runs: list[list[int]],
    described: dict[int, dict[str, object]],
    loaders: set[int],
    items: Collection[int],
) -> bool:
    """Say whether an item happened before a loader's pass began and after it ended."""
    before: set[int] = set()
    seen: set[int] = set()
    for item, _ in runs:
        happened = described.get(item, {})
        if happened.get("happened") == "pass_ended" and happened["loader"] in loaders:
            before |= seen
        elif item in items and item in before:
            return True
        elif item in items:
            seen.add(item)
    return False


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
