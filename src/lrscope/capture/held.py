"""Held: what a CUDA graph holds of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from lrscope.capture.watch import Watch
    from lrscope.recording.dictionary import Layout


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
        steps: optimizer steps, and functions that note a loss.
        items: what happened after the last step.
        since: how many items were pending before the capture.
    """

    def __init__(self, since: int) -> None:
        """Hold nothing yet."""
        self.steps: list[HeldStep | Callable[[], None]] = []
        self.items: list[int] = []
        self.since = since
        self.kept: set[tuple[int, int]] = set()  # rates that were told to be old
