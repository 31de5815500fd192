"""Held: what a graph of a device holds of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Union

if TYPE_CHECKING:
    from lrscope.capture.watch import Watch
    from lrscope.recording.dictionary import Layout

Prepare = Callable[[], Callable[[], None]]
"""Called before a replay; what it returns is called after it."""


class HeldStep(NamedTuple):
    """An optimizer step in a graph.

    Attributes:
        watch: of the optimizer.
        layout: of its rows.
        numbers: of its groups, in order.
        items: what happened in the graph before it.
        flags: of its rows.
        values: numbers that were written into the graph; NaN where it reads a tensor.
        tensors: (column, tensor) of what it reads.
        overflow: a tensor that tells after a replay whether it was skipped, or None.
    """

    watch: Watch
    layout: Layout
    numbers: list[int]
    items: list[int]
    flags: int
    values: list[float]
    tensors: list[tuple[int | str, Any]]
    overflow: Any


class Held:
    """What one graph holds, in order.

    Attributes:
        parts: optimizer steps, and what notes a number.
        items: what happened after the last step.
        since: how many items were pending before the capture.
        kept: (optimizer, group) whose rate was told to be old.
    """

    def __init__(self, since: int) -> None:
        """Hold nothing yet."""
        self.parts: list[Union[HeldStep, Prepare]] = []  # noqa: UP007 - Python 3.9
        self.items: list[int] = []
        self.since = since
        self.kept: set[tuple[int, int]] = set()

    def last_steps(self) -> list[HeldStep]:
        """Return the last step of each optimizer."""
        steps = (each for each in self.parts if isinstance(each, HeldStep))
        return list({each.watch.number: each for each in steps}.values())
