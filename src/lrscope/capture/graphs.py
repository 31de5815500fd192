"""Graphs: steps and losses that a CUDA graph holds, told at each of its replays.

While a graph is captured the program's Python runs once and nothing is updated; a
replay updates and runs no Python. So what happens during a capture is held, and
written as often as the graph is replayed.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.held import Held, HeldStep
from lrscope.capture.modes import is_captured
from lrscope.recording import rows
from lrscope.sites import here

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.journal import Journal
    from lrscope.capture.late import LateValues
    from lrscope.capture.patches import Patches
    from lrscope.capture.watch import Watch


class GraphWitness:
    """Watches CUDA graphs.

    Args:
        journal: where to write.
        watches: of all optimizers, by identity.
        late: takes what a step reads.
        fail: what to call with an exception of our own.

    Attributes:
        when_replayed: called with the watch, the values and the flags of a step.
    """

    def __init__(
        self,
        journal: Journal,
        watches: dict[int, Watch],
        late: LateValues,
        fail: Callable[[Exception], None],
    ) -> None:
        """Watch nothing yet; see `install`."""
        self._journal = journal
        self._watches = watches
        self._late = late
        self._fail = fail
        self._under_way: dict[int, Held] = {}
        self._graphs: dict[int, Held] = {}
        self.when_replayed: list[Callable[[Watch, list[float], int], None]] = []

    def install(self, patches: Patches, module: ModuleType) -> None:
        """Patch what captures and replays graphs."""

        def begin(original: Callable[..., Any]) -> Callable[..., Any]:
            def capture_begin(graph: Any, *args: Any, **kwargs: Any) -> Any:
                result = original(graph, *args, **kwargs)
                self._under_way[id(graph)] = Held(len(self._journal.pending))
                for watch in tuple(self._watches.values()):
                    watch.usual = False
                return result

            return capture_begin

        def end(original: Callable[..., Any]) -> Callable[..., Any]:
            def capture_end(graph: Any, *args: Any, **kwargs: Any) -> Any:
                held = self._under_way.pop(id(graph), None)
                result = original(graph, *args, **kwargs)
                if held is not None:
                    self._keep(graph, held)
                return result

            return capture_end

        def again(original: Callable[..., Any]) -> Callable[..., Any]:
            def replay(graph: Any, *args: Any, **kwargs: Any) -> Any:
                held = self._graphs.get(id(graph))
                if held is None:
                    return original(graph, *args, **kwargs)
                arrivals = self._started(held)
                result = original(graph, *args, **kwargs)
                self._tell(held, arrivals)
                return result

            return replay

        patches.wrap(module.CUDAGraph, "capture_begin", begin)
        patches.wrap(module.CUDAGraph, "capture_end", end)
        patches.wrap(module.CUDAGraph, "replay", again)

    @property
    def is_capturing(self) -> bool:
        """Say whether any graph is being captured."""
        return bool(self._under_way)

    def _captured(self) -> Held | None:
        """Return what the graph holds that this thread is capturing."""
        if not self._under_way or not is_captured(sys.modules["torch"]):
            return None
        return next(reversed(self._under_way.values()))

    def hold(self, note: Callable[[], None]) -> bool:
        """Say whether a graph is being captured; then ``note`` is called on replay."""
        held = self._captured()
        if held is not None:
            held.steps.append(note)
        return held is not None

    def hold_step(self, watch: Watch, flags: int, overflow: Any) -> bool:
        """Say whether a graph is being captured; then its replays are the steps.

        What was pending before the capture is pending again.
        """
        held = self._captured()
        if held is None or watch.layout is None:
            return False
        happened = watch.pattern or []
        step = HeldStep(
            watch=watch,
            layout=watch.layout,
            numbers=watch.numbers,
            items=happened[held.since :],
            flags=flags,
            values=list(watch.rates),
            tensors=watch.tensors,
            overflow=overflow,
        )
        held.steps.append(step)
        self._journal.event("step_captured", optimizer=watch.number, where=here())
        self._journal.pending[:0] = happened[: held.since]
        return True

    def _keep(self, graph: Any, held: Held) -> None:
        pending = self._journal.pending
        held.items = pending[held.since :]
        del pending[held.since :]
        known = self._graphs.pop(id(graph), None)
        if held.steps or held.items:
            self._graphs[id(graph)] = held
            if known is None:
                forget = self._graphs.pop
                weakref.finalize(graph, forget, id(graph), None).atexit = False

    def _started(self, held: Held) -> list[list[Any]]:
        """Have come what the steps of a graph are about to read."""
        try:
            steps = [each for each in held.steps if isinstance(each, HeldStep)]
            return [self._late.start(each.tensors) for each in steps]
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)
            return []

    def _tell(self, held: Held, arrivals: list[list[Any]]) -> None:
        """Write what a replay did."""
        try:
            coming = iter(arrivals)
            for each in held.steps:
                if isinstance(each, HeldStep):
                    self._write(each, next(coming, []))
                    self._compare(held, each)
                else:
                    each()
            self._journal.pending += held.items
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _write(self, step: HeldStep, arrivals: list[Any]) -> None:
        journal, watch = self._journal, step.watch
        asked = step.overflow is not None
        undecided = self._late.start([("overflow", step.overflow)] if asked else [])
        flags = step.flags | (rows.LATE if arrivals else 0)
        flags |= rows.UNDECIDED if undecided else 0
        journal.pending += step.items
        signature = journal.take_signature()
        values = step.values[:]
        row = journal.sink.put(step.layout, signature, flags, values)
        self._late.complete(row, arrivals + undecided, values)
        watch.idle -= 1  # it is an update that nobody called step() for
        if watch.numbers == step.numbers:
            watch.applied = values
        for each in self.when_replayed:
            each(watch, values, flags)

    def _compare(self, held: Held, step: HeldStep) -> None:
        """Note a group whose rate is not the one that the graph goes on using."""
        watch = step.watch
        if watch.groups is None or watch.numbers != step.numbers:
            return
        reads = dict(step.tensors)
        for position, group in enumerate(watch.groups):
            wanted, number = group.get("lr"), step.numbers[position]
            kept = reads.get(position, step.values[position])
            is_used = wanted is kept if position in reads else wanted == kept
            if not is_used and (watch.number, number) not in held.kept:
                held.kept.add((watch.number, number))
                self._journal.event(
                    "graph_keeps_rate",
                    optimizer=watch.number,
                    group=number,
                    kept=None if position in reads else kept,
                    wanted=wanted if isinstance(wanted, float) else None,
                    where=here(),
                )

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child; graphs do not survive."""
        self._under_way.clear()
        self._graphs.clear()
