"""Meter: measures the steps of every optimizer, at some of them.

Its hooks stand beside the recorder's: before a step that is due it copies weights and
gradients, after it it adds up what moved. What it writes are rows of their own.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from lrscope.capture.effective.decay import decay_of
from lrscope.capture.effective.drawing import SEED, Drawing
from lrscope.capture.effective.elements import NotMeasurable
from lrscope.capture.effective.pace import Account, Pace
from lrscope.capture.effective.sums import NAMES, Bench, Snapshot
from lrscope.capture.late import Arrival
from lrscope.sites import unseen

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.effective.drawing import Part
    from lrscope.capture.effective.wanted import Wanted
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.watch import Watch

KINDS = (
    ("measured", (0, 1, 2, 3, 4, 5, 9)),
    ("measured_counts", (6, 7, 8)),
    ("measured_errors", (10, 11, 12, 13, 14, 15)),
)
"""Rows of a part, each narrow enough to be stored fast, and the sums they hold."""

_NEVER = 1 << 62


class Gauge:
    """What is measured of one optimizer; changed when one of its steps is measured.

    Attributes:
        due: whether the next step is to be measured.
        latest: sums of the last measured step, by group; what `readings` shows.
    """

    __slots__ = (
        "cost", "drawing", "due", "latest", "layouts", "left", "opened", "pace",
        "parts", "refused", "rows", "step", "watch",
    )  # fmt: skip

    def __init__(self, watch: Watch, pace: Pace) -> None:
        """Measure the first step."""
        self.watch = watch
        self.pace = pace
        self.due = True
        self.cost = 0.0  # seconds that measuring the current step has taken
        self.left = 0
        self.step = 0
        self.rows = 0
        self.opened: Opened | None = None
        self.drawing: Drawing | None = None
        self.parts = 0  # drawn so far
        self.refused: dict[int, str] = {}
        self.layouts: dict[Any, Any] = {}
        self.latest: dict[int, list[float]] = {}


class Opened(NamedTuple):
    """A step that is being measured."""

    snapshots: list[Snapshot]
    decays: list[Any]


class Meter:
    """Measures optimizers while a recorder watches them.

    Args:
        witness: knows the optimizers.
        wanted: how often to measure.
        fail: what to call with an exception of our own.
    """

    def __init__(
        self,
        witness: OptimizerWitness,
        wanted: Wanted,
        fail: Callable[[Exception], None],
    ) -> None:
        """Measure nothing yet; see `hooks`."""
        self._witness = witness
        self._journal = witness.journal
        self._wanted = wanted
        self._fail = fail
        self._account = Account()
        self._gauges: dict[int, Gauge] = {}
        self._benches: dict[Any, Bench] = {}
        self._coming: deque[tuple[Gauge, int, Part, Arrival]] = deque()
        self._journal.when_opened.append(self._forget_layouts)

    def hooks(self, optimizer: ModuleType) -> list[Any]:
        """Register with torch, after the witness."""
        gauges = self._gauges
        journal = self._journal

        @unseen
        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            gauge = gauges.get(id(optimizer))
            if gauge is None or gauge.due:
                try:
                    self._open(optimizer, args, kwargs)
                except Exception as error:  # noqa: BLE001 - the training must go on
                    self._give_up(optimizer, error)

        @unseen
        def after(optimizer: Any, _args: Any, _kwargs: Any) -> None:
            gauge = gauges.get(id(optimizer))
            if gauge is None or gauge.rows == journal.rows:
                return  # the outer half of a nested step
            gauge.rows = journal.rows
            opened, gauge.opened = gauge.opened, None
            if opened is None:
                gauge.left -= 1
                gauge.due = gauge.left <= 0
                return
            try:
                sums = self._sums(gauge, opened)
            except Exception as error:  # noqa: BLE001 - the training must go on
                self._give_up(optimizer, error)
                return
            try:
                self._close(gauge, sums)
            except Exception as error:  # noqa: BLE001 - the training must go on
                self._fail(error)

        return [
            optimizer.register_optimizer_step_pre_hook(before),
            optimizer.register_optimizer_step_post_hook(after),
        ]

    def _gauge_of(self, optimizer: Any) -> Gauge | None:
        gauge = self._gauges.get(id(optimizer))
        if gauge is not None:
            return gauge
        watch = self._witness.watches.get(id(optimizer))
        if watch is None:
            return None
        pace = Pace(self._wanted, self._account)
        gauge = self._gauges[id(optimizer)] = Gauge(watch, pace)
        forget = self._gauges.pop
        weakref.finalize(optimizer, forget, id(optimizer), None).atexit = False
        return gauge

    def _open(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Copy what a step is about to change."""
        import torch

        gauge = self._gauge_of(optimizer)
        if gauge is None or _is_captured(torch):
            return
        started = time.perf_counter()
        gauge.opened = None
        gauge.rows = self._journal.rows
        groups = optimizer.param_groups
        closure = args[0] if args else kwargs.get("closure")
        scale = getattr(optimizer, "grad_scale", None)
        with torch.no_grad():
            while True:
                parts = self._parts(gauge, groups)
                try:
                    snapshots = [
                        Snapshot(each, scale, gradients=closure is None)
                        for each in parts
                    ]
                except NotMeasurable as refusal:
                    gauge.refused[id(refusal.parameter)] = refusal.why
                    gauge.drawing = None
                else:
                    break
            at = dict(zip(gauge.watch.numbers, groups))
            decays = [decay_of(optimizer, at[each.group]) for each in parts]
        gauge.opened = Opened(snapshots, decays)
        gauge.cost = time.perf_counter() - started

    def _parts(self, gauge: Gauge, groups: list[dict[str, Any]]) -> list[Part]:
        """Return what to measure, drawn anew if the parameters are others."""
        drawing = gauge.drawing
        if drawing is None or not drawing.fits(groups):
            drawing = gauge.drawing = Drawing(
                groups,
                gauge.watch.numbers,
                first=gauge.parts,
                by_parameter=self._wanted.by_parameter,
                refused=gauge.refused,
            )
            gauge.parts += len(drawing.parts)
            self._journal.event(
                "measuring_began",
                optimizer=gauge.watch.number,
                seed=SEED,
                every=self._wanted.every,
                budget=None if self._wanted.every else self._wanted.budget,
                parts=[each.described() for each in drawing.parts],
                left_out=drawing.left_out,
            )
        return drawing.parts

    def _give_up(self, optimizer: Any, error: Exception) -> None:
        """Measure an optimizer no more; whatever is wrong, it will be again."""
        gauge = self._gauge_of(optimizer)
        if gauge is not None:
            gauge.due, gauge.left, gauge.opened = False, _NEVER, None
            self._journal.event(
                "measuring_given_up", optimizer=gauge.watch.number, why=repr(error)
            )
            print(
                f"lrscope: {gauge.watch.name} is not measured any more ({error!r}); "
                "its rates are still recorded",
                file=sys.stderr,
            )

    def _sums(self, gauge: Gauge, opened: Opened) -> list[Any]:
        """Return what the step moved, part by part."""
        import torch

        started = time.perf_counter()
        parts = gauge.drawing.parts if gauge.drawing else []
        with torch.no_grad():
            sums = [
                snapshot.sums(self._bench(part.device), decay)
                for part, snapshot, decay in zip(parts, *opened)
            ]
            arrived = [
                each.tolist() if each.device.type == "cpu" else Arrival(each)
                for each in sums
            ]
        gauge.cost += time.perf_counter() - started
        return arrived

    def _close(self, gauge: Gauge, sums: list[Any]) -> None:
        """Write what the step moved, and choose the next step to measure."""
        started = time.perf_counter()
        row = self._journal.rows - 1
        parts = gauge.drawing.parts if gauge.drawing else []
        self.collect()
        for part, found in zip(parts, sums):
            if isinstance(found, list):
                self._write(gauge, row, part, found)
            else:
                self._coming.append((gauge, row, part, found))
        gauge.rows = self._journal.rows
        gauge.cost += time.perf_counter() - started
        to_next = gauge.pace.steps_to_next(gauge.step, gauge.cost)
        gauge.step += to_next
        gauge.left = to_next - 1
        gauge.due = not gauge.left

    def _bench(self, device: Any) -> Bench:
        bench = self._benches.get(device)
        if bench is None:
            bench = self._benches[device] = Bench(device)
        return bench

    def collect(self) -> None:
        """Write the sums that have come from a device; never wait."""
        while self._coming and self._coming[0][3].has_come():
            gauge, row, part, arrival = self._coming.popleft()
            self._write(gauge, row, part, arrival.numbers())

    def _forget_layouts(self) -> None:
        """Announce rows anew: the files are others, in a forked child."""
        for gauge in self._gauges.values():
            gauge.layouts.clear()

    def _write(self, gauge: Gauge, row: int, part: Part, sums: list[float]) -> None:
        writer = self._journal.open()
        for kind, chosen in KINDS:
            key = (kind, part.number)
            layout = gauge.layouts.get(key)
            if layout is None:
                columns = ["row", *(NAMES[each] for each in chosen)]
                layout = gauge.layouts[key] = writer.layout(
                    {
                        "holds": kind,
                        "optimizer": gauge.watch.number,
                        "group": part.group,
                        "parameter": part.parameter,
                        "part": part.number,
                        "copies": part.copies,
                        "columns": columns,
                    },
                    len(columns),
                )
            if kind != "measured_errors" or part.measured < part.elements:
                values = [float(row), *(sums[each] for each in chosen)]
                self._journal.sink.put(layout, self._journal.silence(), 0, values)


def _is_captured(torch: Any) -> bool:
    """Say whether a CUDA graph is being recorded: nothing of ours belongs into it."""
    asked = getattr(torch.cuda, "is_current_stream_capturing", None)
    return bool(torch.cuda.is_initialized() and asked is not None and asked())
