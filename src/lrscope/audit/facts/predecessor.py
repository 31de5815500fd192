"""Predecessors: which optimizer of a recording goes on from which earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.resumption import Resumption

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrscope.audit.facts.optimizer import Optimizer
    from lrscope.audit.facts.training import Training


def resumptions_in(trainings: Iterable[Training]) -> tuple[Resumption, ...]:
    """Return the optimizers that go on, in order.

    An optimizer goes on from one of an earlier segment, or from an earlier one of its
    own process if a state was loaded; and if one was, but its beginning was not
    recorded.
    """
    found = []
    past: list[Training] = []
    for training in sorted(trainings, key=lambda each: each.segment):
        earlier = [
            each
            for each in past
            if each.segment < training.segment
            if (each.rank or 0) == (training.rank or 0)
        ]
        for index, each in enumerate(training.optimizers_called):
            alone = Resumption(each, None)
            before = _earlier_in_process(each) if alone.is_evident else None
            before = before or _in_earlier_segments(each, index, earlier)
            if before is not None or alone.is_evident:
                found.append(Resumption(each, before))
        past.append(training)
    return tuple(found)


def _earlier_in_process(optimizer: Optimizer) -> Optimizer | None:
    for each in reversed(optimizer.training.optimizers_called):
        if each.calls[-1] < optimizer.calls[0] and _shape_of(each) == _shape_of(
            optimizer
        ):
            return each
    return None


def _in_earlier_segments(
    optimizer: Optimizer, index: int, earlier: list[Training]
) -> Optimizer | None:
    for segment in sorted({each.segment for each in earlier}, reverse=True):
        called = [each.optimizers_called for each in earlier if each.segment == segment]
        shape = _shape_of(optimizer)
        same = [each for some in called for each in some if _shape_of(each) == shape]
        if len(same) == 1:
            return same[0]
        if len(called) == 1 and index < len(called[0]) and called[0][index] in same:
            return called[0][index]
    return None


def _shape_of(optimizer: Optimizer) -> tuple[Any, ...]:
    """Return what an optimizer shares with one that takes its place."""
    event = optimizer.event
    return (event.class_name, optimizer.elements) if event else ()
