"""Recorder: puts the witnesses in place, and takes them away if one of them fails.

A witness never stops the trial: whatever goes wrong here ends the recording with
one line on standard error and a note in the recording, and training goes on.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING, Any

from lrscope.capture import torchwide
from lrscope.capture.active import started
from lrscope.capture.ending import (
    before_child_ends,
    leave_note,
    lines_of,
    note_unseen,
    told,
    was_about_an_optimizer,
)
from lrscope.capture.header import describe_process, file_name
from lrscope.capture.hooks import GlobalHooks
from lrscope.capture.journal import Journal
from lrscope.capture.optimizers import OptimizerWitness
from lrscope.capture.patches import Patches
from lrscope.capture.plans import PlanWitness
from lrscope.capture.replicas import watch_replicas
from lrscope.capture.schedulers import SchedulerWitness
from lrscope.capture.values import Values
from lrscope.recording.writer import Writer, unused

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.effective.wanted import Wanted
    from lrscope.capture.printing import Printer

LATER = {
    "torch.amp.grad_scaler": "_watch_scalers",
    "torch.cuda.graphs": "_watch_graphs",
    "torch.accelerator.graphs": "_watch_graphs",
    "torch.xpu.graphs": "_watch_graphs",
    "torch.utils.data.dataloader": "_watch_loaders",
    "torch.nn.parallel.distributed": "_watch_replicas",
    "torch.distributed.fsdp.fully_sharded_data_parallel": "_watch_replicas",
    "timm.scheduler.scheduler": "_watch_schedulers",
    "transformers.optimization": "_watch_schedulers",
}
"""Modules that load after ``torch.optim``, and what then to do."""


class Recorder:
    """Records every optimizer of this process into one directory.

    Args:
        directory: of the run; it exists.
        segment: number of the segment that this process belongs to.
        printer: prints lines during training, if wanted.
        effective: how to measure what the steps really moved, if wanted.

    Attributes:
        unseen: why there is no recording, if that is known at the end.
    """

    def __init__(
        self,
        directory: str,
        segment: int,
        printer: Printer | None = None,
        effective: Wanted | None = None,
    ) -> None:
        """Watch nothing yet; see `start`."""
        self.directory = directory
        self._segment = segment
        self._printer = printer
        self._patches = Patches()
        self._hooks = GlobalHooks()
        self._finalizers: list[Any] = []
        self._stopped = False
        self.unseen: str | None = None
        self._pid = os.getpid()
        self._journal = journal = Journal(self._open_writer)
        self._optimizers = OptimizerWitness(journal, self.fail)
        self._schedulers = SchedulerWitness(journal, self._optimizers, self.fail)
        self._plans = PlanWitness(journal, self._optimizers, self.fail)
        self._values = Values(journal, self._optimizers, self.fail)
        self._meter = None
        if effective is not None:
            from lrscope.capture.effective.meter import Meter

            self._meter = Meter(self._optimizers, effective, self._patches, self.fail)

    def start(self) -> None:
        """Begin to watch; ``torch.optim`` is loaded."""
        optim = sys.modules["torch.optim"]
        optimizer = sys.modules["torch.optim.optimizer"]
        patches = self._patches
        before, after = self._optimizers.hooks()
        self._hooks.add(
            optimizer.register_optimizer_step_pre_hook(before),
            optimizer.register_optimizer_step_post_hook(after),
        )
        torchwide.watch_optimizers(
            patches, optim.Optimizer, self._optimizers, self.fail
        )
        self._schedulers.install(patches, optim.lr_scheduler.LRScheduler)
        torchwide.watch_backward(
            patches,
            sys.modules["torch.autograd"],
            self._journal,
            self._values if self._meter else None,
        )
        for name in LATER:
            module = sys.modules.get(name)
            spec = getattr(module, "__spec__", None)
            if module is not None and not getattr(spec, "_initializing", False):
                self.module_loaded(name, module)
        self._plans.listen()
        if self._printer is not None:
            self._hooks.add(*self._printer.hooks(optimizer, self._optimizers))
        if self._meter is not None:
            self._hooks.add(*self._meter.hooks(optimizer))
        atexit.register(self.stop_at_exit)
        started(self)

    @property
    def is_recording(self) -> bool:
        """Say whether the recorder is at work."""
        return self._hooks.in_place

    def rates_of(self, optimizer: Any) -> list[Any] | None:
        """Return what is known of the rates of each group of an optimizer."""
        return self._optimizers.rates_of(optimizer)

    def log(self, name: str, value: Any) -> None:
        """Write a number that the program logs."""
        try:
            self._values.log(name, value)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self.fail(error)

    def module_loaded(self, name: str, module: ModuleType) -> None:
        """Watch what a module that loaded just now holds."""
        if self._stopped or name not in LATER:
            return
        try:
            getattr(self, LATER[name])(module)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self.fail(error)

    def _watch_scalers(self, module: ModuleType) -> None:
        torchwide.watch_scalers(self._patches, module, self._optimizers)
        if self._meter is not None:
            self._values.scaled.watch(self._patches, module)

    def _watch_graphs(self, module: ModuleType) -> None:
        self._optimizers.graphs.install(self._patches, module)

    def _watch_loaders(self, module: ModuleType) -> None:
        torchwide.watch_loaders(self._patches, module, self._journal, self.fail)

    def _watch_replicas(self, module: ModuleType) -> None:
        watch_replicas(self._patches, module, self._journal, self.fail)

    def _watch_schedulers(self, module: ModuleType) -> None:
        self._schedulers.install_from(self._patches, module)

    def _open_writer(self) -> Writer:
        self._finalizers += before_child_ends(self.stop_at_exit)
        head = describe_process(self._segment)
        return Writer(unused(os.path.join(self.directory, file_name(head))), head)

    def fail(self, error: Exception) -> None:
        """End the recording because of a failure of our own or of the disk."""
        if self._stopped:
            return
        self._withdraw()
        reason = f"{type(error).__name__}: {error}"
        print(
            f"lrscope: recording stopped ({reason}); training goes on. "
            f"What was recorded so far is in {self.directory}",
            file=sys.stderr,
        )
        leave_note(reason)
        try:
            self._journal.event("trouble", reason=reason, trace=lines_of(error))
        except Exception:  # noqa: BLE001, S110 - a full disk takes no note either
            pass
        try:
            self._journal.close()
        except Exception:  # noqa: BLE001 - the rows are in the tail
            self._journal.abandon()

    def _withdraw(self) -> None:
        self._stopped = True
        self._hooks.take_back()
        self._patches.take_back()
        self._plans.remove()

    def stop_at_exit(self) -> None:
        """Stop because the process ends."""
        # Python leaves here the exception that it printed as the end of the process
        self.stop(getattr(sys, "last_value", None))

    def stop(self, error: BaseException | None = None) -> None:
        """Stop watching and seal the recording; calling it twice does no harm.

        Args:
            error: what ended the recorded process or block, if anything did.
        """
        if self._stopped or os.getpid() != self._pid:
            return
        self._withdraw()
        atexit.unregister(self.stop_at_exit)
        for finalizer in self._finalizers:
            finalizer.cancel()
        try:
            self._optimizers.late.wait()
            if self._printer is not None:
                self._printer.finish()
            if error is not None and (
                self._optimizers.any_met or was_about_an_optimizer(error)
            ):
                self._journal.open()  # why nothing was trained is worth a recording
            if self._journal.is_open:
                self._journal.event("process_ended", exception=told(error))
            self.unseen = None if error else note_unseen(self._journal)
            self._journal.close()
        except Exception as failure:  # noqa: BLE001 - the process is ending
            self._journal.abandon()
            leave_note(str(failure))
            print(
                f"lrscope: the end of the recording could not be sealed ({failure}); "
                f"what can still be read is in {self.directory}",
                file=sys.stderr,
            )

    def in_child(self) -> None:
        """Go on in a forked child with a recording of its own, if it trains."""
        if self._stopped:
            return
        self._pid = os.getpid()
        self._journal.move_to_child()
        self._optimizers.forget_files()
        self._values.forget_files()
        if self._meter is not None:
            self._meter.forget_files()
