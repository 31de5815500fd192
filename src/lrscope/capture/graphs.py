"""Graphs: steps and losses that a CUDA graph holds, told at each of its replays.

While a graph is captured the program's Python runs once and nothing is updated; a
replay updates and runs no Python. So what happens during a capture is held, and
written as often as the graph is replayed.
"""

from __future__ import annotations

import sys
import weakref
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.held import Held, HeldStep, Prepare
from lrscope.capture.journal import MOST_PENDING
from lrscope.capture.modes import is_captured
from lrscope.capture.numbers import is_on_host, is_tensor
from lrscope.recording import rows
from lrscope.sites import here

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.journal import Journal
    from lrscope.capture.late import LateValues
    from lrscope.capture.patches import Patches
    from lrscope.capture.printing import Printer
    from lrscope.capture.watch import Watch

KINDS = ("CUDAGraph", "Graph", "XPUGraph")
"""Names of the classes, each in a module of its own."""


class GraphWitness:
    """Watches graphs.

    Args:
        journal: where to write.
        watches: of all optimizers, by identity.
        late: takes what a step reads.
        fail: what to call with an exception of our own.

    Attributes:
        steps: how many steps were captured.
        printer: prints steps that are replayed, if there is one.
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
        self._under_way: dict[int, Held] = {}  # by thread
        late.captures = self._under_way
        self._graphs: dict[int, Held] = {}
        self.steps = 0
        self.printer: Printer | None = None

    def install(self, patches: Patches, module: ModuleType) -> None:
        """Patch what captures and replays graphs."""
        for name in KINDS:
            kind = getattr(module, name, None)
            if isinstance(kind, type):
                patches.wrap(kind, "capture_begin", self._beginning)
                patches.wrap(kind, "capture_end", self._ending)
                patches.wrap(kind, "replay", self._replaying)

    def _beginning(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def capture_begin(graph: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(graph, *args, **kwargs)
            thread, held = get_ident(), Held(len(self._journal.pending))
            self._under_way[thread] = held
            weakref.finalize(graph, self._abandon, thread, held).atexit = False
            for watch in tuple(self._watches.values()):
                watch.usual = False
            return result

        return capture_begin

    def _ending(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def capture_end(graph: Any, *args: Any, **kwargs: Any) -> Any:
            held = self._under_way.get(get_ident())
            try:
                result = original(graph, *args, **kwargs)
            except BaseException:
                if held is not None:
                    del self._journal.pending[held.since :]
                raise
            finally:
                self._under_way.pop(get_ident(), None)
            if held is not None:
                self._keep(graph, held)
            return result

        return capture_end

    def _replaying(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def replay(graph: Any, *args: Any, **kwargs: Any) -> Any:
            held = self._graphs.get(id(graph))
            if held is None or is_captured(sys.modules["torch"]):
                return original(graph, *args, **kwargs)
            parts = self._prepared(held)
            result = original(graph, *args, **kwargs)
            if parts is not None:
                self._tell(held, parts)
            return result

        return replay

    def _abandon(self, thread: int, held: Held) -> None:
        """Forget a capture that nobody ended; its graph is gone."""
        if self._under_way.get(thread) is held:
            del self._under_way[thread]

    @property
    def is_capturing(self) -> bool:
        """Say whether this thread is capturing a graph."""
        return get_ident() in self._under_way

    def hold(self, prepare: Prepare) -> bool:
        """Say whether this thread captures a graph; then that is done at replays."""
        held = self._under_way.get(get_ident())
        if held is not None:
            held.parts.append(prepare)
        return held is not None

    def hold_step(self, watch: Watch, flags: int, overflow: Any) -> bool:
        """Say whether this thread captures a graph; then its replays are the steps.

        What was pending before the capture is pending again.
        """
        held = self._under_way.get(get_ident())
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
        held.parts.append(step)
        self.steps += 1
        self._journal.event("step_captured", optimizer=watch.number, where=here())
        self._journal.pending[:0] = happened[: held.since]
        return True

    def _keep(self, graph: Any, held: Held) -> None:
        pending = self._journal.pending
        held.items = pending[held.since :]
        del pending[held.since :]
        known = self._graphs.pop(id(graph), None)
        if held.parts or held.items:
            self._graphs[id(graph)] = held
            if known is None:
                forget = self._graphs.pop
                weakref.finalize(graph, forget, id(graph), None).atexit = False

    def _prepared(self, held: Held) -> list[tuple[Any, Any]] | None:
        """Return the parts of a graph, and what has begun for each before a replay."""
        try:
            return [
                (each, self._late.start(each.tensors))
                if isinstance(each, HeldStep)
                else (None, each())
                for each in held.parts
            ]
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)
            return None

    def _tell(self, held: Held, parts: list[tuple[Any, Any]]) -> None:
        """Write what a replay did."""
        try:
            for step, begun in parts:
                if step is None:
                    begun()
                else:
                    self._write(step, begun)
            for step in held.last_steps():
                self._compare(held, step)
            self._journal.pending += held.items
            if len(self._journal.pending) > MOST_PENDING:
                self._journal.flush()
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _write(self, step: HeldStep, arrivals: list[Any]) -> None:
        journal, watch, printer = self._journal, step.watch, self.printer
        asked = step.overflow is not None
        undecided = self._late.start([("overflow", step.overflow)] if asked else [])
        flags = step.flags | (rows.LATE if arrivals else 0)
        flags |= rows.UNDECIDED if undecided else 0
        values = step.values[:]
        if printer is not None:
            printer.begins(watch, values)
        journal.pending += step.items
        row = journal.sink.put(step.layout, journal.take_signature(), flags, values)
        self._late.complete(row, arrivals + undecided, values)
        if flags & rows.UPDATED:
            watch.idle -= 1  # an update that nobody called step() for
            if watch.numbers == step.numbers:
                watch.applied = values
        if printer is not None:
            printer.ended(watch, values, flags)

    def _compare(self, held: Held, step: HeldStep) -> None:
        """Note a group whose rate is not the one that the graph goes on using."""
        watch = step.watch
        if watch.groups is None or watch.numbers != step.numbers:
            return
        reads = dict(step.tensors)
        for position, group in enumerate(watch.groups):
            wanted, number = group.get("lr"), step.numbers[position]
            kept = reads.get(position, step.values[position])
            if _is(wanted, kept) or (watch.number, number) in held.kept:
                continue
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


def _is(wanted: Any, kept: Any) -> bool:
    """Say whether a group still holds what its graph uses; no device is asked."""
    if is_tensor(kept) or (is_tensor(wanted) and not is_on_host(wanted)):
        return wanted is kept
    return bool(wanted == kept)
