"""Causes: who changed a rate between two updates."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope.recording import events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrscope.recording.history import History

    Marks = NDArray[np.bool_]


def causes_of(
    history: History, optimizer: int, own: NDArray[np.int64], lr: NDArray[np.float64]
) -> Counter[str]:
    """Count what changed a rate.

    Args:
        history: of the process.
        optimizer: its number in the file.
        own: rows of its updates, in order.
        lr: the rate in each of them.
    """
    changed = np.flatnonzero(lr[1:] != lr[:-1]) + 1
    if not changed.size:
        return Counter()
    between = np.stack([own[changed - 1], own[changed]])
    first, stop = max(0, int(between.min())), int(between.max()) + 1
    marks = _marks(history, optimizer, first, stop)
    between -= first
    if not marks:
        return Counter({"unknown": int(changed.size)})
    names = list(marks)
    happened = np.array([_happened_between(marks[name], between) for name in names])
    found: Counter[str] = Counter()
    kinds, counts = np.unique(happened, axis=1, return_counts=True)
    for kind, count in zip(kinds.T.tolist(), counts.tolist(), strict=True):
        present = [name for name, here in zip(names, kind, strict=True) if here]
        found[" + ".join(present) or "unknown"] += count
    return found


def _happened_between(marks: Marks, between: NDArray[np.int64]) -> Marks:
    """Say for each pair of rows a < b whether something marked came between them."""
    total = np.concatenate(([0], np.cumsum(marks)))
    # a mark at row r happened before r: between a and b if a < r <= b
    happened: Marks = total[between[1] + 1] > total[between[0] + 1]
    return happened


def _marks(history: History, optimizer: int, first: int, stop: int) -> dict[str, Marks]:
    """For each possible cause, mark of some rows those before which it happened."""
    signatures = history.rowset.signatures[first:stop]
    marks = {}
    for name, items in _frequent_causes(history, optimizer).items():
        telling = np.concatenate([history.frequent.telling(each)[0] for each in items])
        marks[name] = np.isin(signatures, telling)
    for row, event in history.rare_of.get(optimizer, ()):
        name = _rare_cause(event, optimizer, history.owners)
        if name and row < stop:
            drives = isinstance(event, events.PlanDeclared)  # from then on
            begin, end = row - first, stop - first if drives else row + 1 - first
            own = marks.setdefault(name, np.zeros(stop - first, bool))
            own[max(0, begin) : max(0, end)] = True
    return marks


def _frequent_causes(history: History, optimizer: int) -> dict[str, set[int]]:
    names: dict[str, set[int]] = {}
    own = history.own_schedulers.get(optimizer, ())
    stepped = (each for number in own for each in history.steps_of[number].items())
    for number, item in sorted(stepped, key=itemgetter(0)):
        scheduler = history.schedulers.get(item["scheduler"])
        kind = scheduler.class_name if scheduler else "a scheduler"
        line = item.get("from") or item.get("where")
        names.setdefault(f"{kind}{_place(line)}", set()).add(number)
    for number, item in history.written_by_hand.get(optimizer, {}).items():
        lines = _places(item.get("where"))
        names.setdefault(f"by hand{lines}", set()).add(number)
    return names


def _rare_cause(
    event: events.Event, optimizer: int, owners: dict[int, tuple[int | None, ...]]
) -> str:
    if isinstance(event, events.OptimizerStateLoaded) and event.optimizer == optimizer:
        return f"optimizer.load_state_dict{_place(event.where)}"
    if isinstance(event, events.PlanDeclared) and event.optimizer == optimizer:
        return f"driver{_place(event.where)}"
    if isinstance(event, events.SchedulerStateLoaded):
        own = optimizer in owners.get(event.scheduler, ())
        return f"scheduler.load_state_dict{_place(event.where)}" if own else ""
    if (
        isinstance(event, events.SchedulerConstructed)
        and optimizer in (event.optimizer, *event.inside)
        and event.how == "constructed"
    ):
        return f"{event.class_name}(){_place(event.where)}"
    return ""


def _place(where: Any) -> str:
    return f" ({PurePath(where[0]).name}:{where[1]})" if where else ""


def _places(where: Any) -> str:
    if not where:
        return ""
    shown = [f"{PurePath(file).name}:{line}" for file, line in where[:3]]
    return f" ({' or '.join(shown)}{' …' if len(where) > 3 else ''})"
