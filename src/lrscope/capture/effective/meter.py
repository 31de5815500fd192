"""Meter: measures the steps of every optimizer, at some of them.

Its hooks stand beside the recorder's: before a step that is due it copies weights and
gradients, after it it adds up what moved. What it writes are rows of their own.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.effective.gauge import Ended, Gauge
from lrscope.capture.effective.pace import Account
from lrscope.capture.effective.sums import Bench
from lrscope.capture.watch import Watch
from lrscope.compiled import quick
from lrscope.sites import unseen

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.effective.part import Part
    from lrscope.capture.effective.wanted import Wanted
    from lrscope.capture.late import Arrival
    from lrscope.capture.optimizers import OptimizerWitness


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
        self._rooms = threading.local()  # several threads may be stepping
        self._collecting = threading.Lock()
        self._coming: deque[tuple[Gauge, Ended, Part, Arrival]] = deque()
        self._compiler: Any = None
        self._work: tuple[Callable[..., None], ...] = self._open, self._close

    def hooks(self, optimizer: ModuleType) -> list[Any]:
        """Register with torch, after the witness."""
        gauges = self._gauges

        @unseen
        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            gauge = gauges.get(id(optimizer))
            if gauge is None or gauge.due:
                self._uncompiled()[0](optimizer, args, kwargs)

        @unseen
        def after(optimizer: Any, _args: Any, _kwargs: Any) -> None:
            gauge = gauges.get(id(optimizer))
            if gauge is None:
                return
            row = gauge.watch.row
            if row != gauge.row:
                gauge.row = row
                if gauge.opened is None:
                    gauge.left -= 1
                    gauge.due = gauge.left <= 0
                else:
                    self._uncompiled()[1](gauge, optimizer, row)
            elif gauge.opened is not None:
                gauge.rest()  # it only stands around another optimizer's step

        known = gauges, Gauge, Watch
        return [
            optimizer.register_optimizer_step_pre_hook(
                quick("not_due", before, *known)
            ),
            optimizer.register_optimizer_step_post_hook(
                quick("counted", after, *known)
            ),
        ]

    @unseen
    def _uncompiled(self) -> tuple[Callable[..., None], ...]:
        """Return `_open` and `_close`, kept out of the graphs of torch.compile.

        Functions that our hooks call would be traced, though the hooks are passed over.
        """
        compiler = sys.modules.get("torch._dynamo")
        disable = getattr(compiler, "disable", None)
        if compiler is not self._compiler and disable is not None:
            self._compiler = compiler
            self._work = disable(self._open), disable(self._close)
        return self._work

    def _gauge_of(self, optimizer: Any) -> Gauge | None:
        gauge = self._gauges.get(id(optimizer))
        if gauge is not None:
            return gauge
        watch = self._witness.watches.get(id(optimizer))
        if watch is None:
            return None
        gauge = Gauge(watch, self._wanted, self._account, self._journal)
        self._gauges[id(optimizer)] = gauge
        forget = self._gauges.pop
        weakref.finalize(optimizer, forget, id(optimizer), None).atexit = False
        return gauge

    def _open(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        gauge = None
        try:
            import torch

            gauge = self._gauge_of(optimizer)
            if gauge is not None and not _is_captured(torch):
                given = (*args[1:], *kwargs.values())  # args[0] is the optimizer
                with torch.no_grad(), out_of_modes(torch):
                    gauge.open(optimizer, has_closure=any(map(callable, given)))
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._give_up(gauge, error)

    def _close(self, gauge: Gauge, optimizer: Any, row: int) -> None:
        """Write what a step moved."""
        opened, gauge.opened = gauge.opened, None
        if opened is None:
            return
        try:
            import torch

            with torch.no_grad(), out_of_modes(torch):
                found = gauge.sums(opened, self._bench)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._give_up(gauge, error)
            return
        try:
            started = time.perf_counter()
            self.collect()
            step = gauge.ended(row)
            for part, sums in found:
                if isinstance(sums, list):
                    gauge.write(step, part, sums)
                else:
                    self._coming.append((gauge, step, part, sums))
            gauge.internals.write(optimizer, row)
            gauge.go_on(time.perf_counter() - started)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _give_up(self, gauge: Gauge | None, error: Exception) -> None:
        """Measure an optimizer no more; whatever is wrong, it will be again."""
        if gauge is None:
            self._fail(error)
            return
        gauge.rest()
        watch = gauge.watch
        try:
            self._journal.event(
                "measuring_given_up", optimizer=watch.number, why=repr(error)
            )
        except Exception as failure:  # noqa: BLE001 - the training must go on
            self._fail(failure)
            return
        print(
            f"lrscope: {watch.name} is not measured any more ({error!r}); "
            "its rates are still recorded",
            file=sys.stderr,
        )

    def _bench(self, device: Any) -> Bench:
        if not hasattr(self._rooms, "benches"):
            self._rooms.benches = {}
        benches: dict[Any, Bench] = self._rooms.benches
        if device not in benches:
            benches[device] = Bench(device)
        return benches[device]

    def collect(self) -> None:
        """Write the sums that have come from a device; never wait."""
        with self._collecting:
            while self._coming and self._coming[0][3].has_come():
                gauge, step, part, arrival = self._coming.popleft()
                gauge.write(step, part, arrival.numbers())

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self._coming.clear()
        self._collecting = threading.Lock()  # another thread may have held it
        for gauge in self._gauges.values():
            gauge.forget_files()


def out_of_modes(torch: Any) -> Any:
    """Return a context in which no mode of the program sees what is calculated.

    A FlopCounterMode would count it.
    """
    if not torch._C._len_torch_dispatch_stack():
        return contextlib.nullcontext()
    from torch.utils._python_dispatch import _disable_current_modes

    return _disable_current_modes()


def _is_captured(torch: Any) -> bool:
    """Say whether a CUDA graph is being recorded: nothing of ours belongs into it."""
    asked = getattr(torch.cuda, "is_current_stream_capturing", None)
    return bool(torch.cuda.is_initialized() and asked is not None and asked())
