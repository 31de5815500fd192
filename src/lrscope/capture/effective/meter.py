"""Meter: measures the steps of every optimizer, at some of them.

Its hooks stand beside the recorder's: before a step that is due it copies weights and
gradients, after it it adds up what moved. What it writes are rows of their own.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.effective.around import Around
from lrscope.capture.effective.gauge import Gauge
from lrscope.capture.effective.pace import Account
from lrscope.capture.effective.sums import Bench
from lrscope.capture.modes import Uncompiled, out_of_modes
from lrscope.capture.watch import Watch
from lrscope.compiled import quick
from lrscope.sites import unseen
from lrscope.wrapped import innermost

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.effective.wanted import Wanted
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.patches import Patches


class Meter:
    """Measures optimizers while a recorder watches them.

    Args:
        witness: knows the optimizers.
        wanted: how often to measure.
        patches: hold what is replaced.
        fail: what to call with an exception of our own.
    """

    def __init__(
        self,
        witness: OptimizerWitness,
        wanted: Wanted,
        patches: Patches,
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
        self._opening = Uncompiled(self._open)
        self._closing = Uncompiled(self._close)
        self._patches = patches
        self._around: Around | None = None

    def hooks(self, optimizer: ModuleType) -> list[Any]:
        """Register with torch, after the witness."""
        gauges = self._gauges

        @unseen
        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            gauge = gauges.get(id(optimizer))
            if gauge is None or gauge.due:
                self._opening(optimizer, args, kwargs)

        @unseen
        def after(optimizer: Any, _args: Any, _kwargs: Any) -> None:
            gauge = gauges.get(id(optimizer))
            if gauge is None or gauge.is_opened_around(optimizer):
                return
            row = gauge.watch.row
            if row != gauge.row:
                gauge.row = row
                if gauge.opened is None:
                    gauge.left -= 1
                    gauge.due = gauge.left <= 0
                else:
                    self._closing(gauge, row)
            elif gauge.opened is not None:
                gauge.leave_out(optimizer)

        self._around = Around(self._patches, before, after)
        known = gauges, Gauge, Watch
        return [
            optimizer.register_optimizer_step_pre_hook(
                quick("not_due", before, *known)
            ),
            optimizer.register_optimizer_step_post_hook(
                quick("counted", after, *known)
            ),
        ]

    def _gauge_of(self, optimizer: Any) -> Gauge | None:
        """Return the gauge of an optimizer; of a wrapper that of the one inside."""
        gauge = self._gauges.get(id(optimizer))
        if gauge is not None:
            return gauge
        inside = innermost(optimizer)
        if inside is not optimizer:
            gauge = self._gauge_of(inside)
        else:
            watch = self._witness.watches.get(id(optimizer))
            if watch is not None:
                gauge = Gauge(watch, self._wanted, self._account, self._journal)
        if gauge is not None:
            self._gauges[id(optimizer)] = gauge
            forget = self._gauges.pop
            weakref.finalize(optimizer, forget, id(optimizer), None).atexit = False
        return gauge

    def _open(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        gauge = None
        try:
            import torch

            gauge = self._gauge_of(optimizer)
            if gauge is None or gauge.is_within(optimizer):
                return
            inside = gauge.watch.reference()
            if inside is optimizer and self._around and self._around.is_found(inside):
                return
            if inside is not None and self._witness.late.may_ask():
                given = (*args[1:], *kwargs.values())  # args[0] is the optimizer
                with torch.no_grad(), out_of_modes(torch):
                    gauge.open(
                        inside, around=optimizer, has_closure=any(map(callable, given))
                    )
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._give_up(gauge, error)

    def _close(self, gauge: Gauge, row: int) -> None:
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
            late = self._witness.late
            late.collect()
            step = gauge.ended(row)
            for part, sums in found:
                if isinstance(sums, list):
                    gauge.write(step, part, sums)
                else:
                    late.expect(sums, partial(gauge.write, step, part))
            gauge.internals.write(gauge.watch.reference(), row)
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

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        for gauge in self._gauges.values():
            gauge.forget_files()
