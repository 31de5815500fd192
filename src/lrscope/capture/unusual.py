"""Unusual steps: those that may have changed nothing, or whose values are not here yet.

The facts are numbered as in docs/design.md.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.numbers import is_on_host
from lrscope.recording import rows

if TYPE_CHECKING:
    from lrscope.capture.graphs import GraphWitness
    from lrscope.capture.journal import Journal
    from lrscope.capture.late import LateValues
    from lrscope.capture.rates import RateReader
    from lrscope.capture.watch import Watch


class UnusualSteps:
    """Writes rows that need more than rates and the usual code."""

    def __init__(
        self,
        journal: Journal,
        reader: RateReader,
        late: LateValues,
        graphs: GraphWitness,
        fail: Callable[[Exception], None],
    ) -> None:
        """Write nothing yet."""
        self._graphs = graphs
        self._journal = journal
        self._reader = reader
        self._late = late
        self._fail = fail

    def write(self, watch: Watch, optimizer: Any) -> None:
        """Write a row of a step that may have changed nothing, or whose rate waits."""
        if watch.hooked:  # torch calls an optimizer's own hooks after ours
            self._read_behind_hooks(watch, optimizer)
        flags = rows.UPDATED
        if not (watch.updates or find_gradient(watch) or _has_written(watch)):
            flags = rows.NO_GRADIENT
        found = None
        if watch.scaled:
            flags |= rows.SCALED
            found = optimizer.__dict__.get("found_inf")  # fused optimizers (fact 4)
            if found is not None and is_on_host(found):
                if found.item():
                    flags = rows.SCALED | rows.OVERFLOW
                found = None
        if self._graphs.hold_step(watch, flags, found):
            return
        waiting, watch.waiting = watch.waiting, []
        ready = self._late.start([("overflow", found)]) if found is not None else []
        flags |= (rows.LATE if waiting else 0) | (rows.UNDECIDED if ready else 0)
        watch.row = self._journal.sink.store(watch.code_with(flags), watch.rates)
        self._late.complete(watch.row, waiting + ready, watch.rates)
        watch.last_flags = flags
        if flags & rows.UPDATED:
            watch.applied = watch.rates
        else:
            watch.idle += 1
        watch.usual = not watch.scaled
        watch.updates = True

    def _read_behind_hooks(self, watch: Watch, optimizer: Any) -> None:
        """Read the rates again; what a hook wrote belongs to this step."""
        pending = self._journal.pending
        pending.extend(watch.pattern or ())
        watch.hooks = optimizer._optimizer_step_pre_hooks
        watch.rates = self._reader.read_all(watch, optimizer)
        watch.hooks, watch.hooked = None, False
        if pending != watch.pattern:
            watch.follow(self._journal)
        else:
            pending.clear()

    def write_left_out(self, watch: Watch, optimizer: Any) -> None:
        """Write a row of an update that a GradScaler left out (fact 4)."""
        try:
            groups = optimizer.param_groups
            if groups is not watch.groups or watch.has_other(groups):
                self._reader.regroup(watch, optimizer)
            watch.rates = self._reader.read_carefully(watch, optimizer, look=True)
            watch.follow(self._journal)
            code = watch.code_with(rows.SCALED | rows.OVERFLOW)
            self._journal.sink.store(code, watch.rates)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)


def look_for_gradients(watch: Watch) -> None:
    """Note whether a step begins with a gradient; else what would show an update."""
    watch.updates = find_gradient(watch)
    watch.versions = [] if watch.updates else _versions(watch)


def note_cleared(watch: Watch) -> None:
    """Note that a closure has cleared the gradients that a step began with, if so."""
    probe = watch.probe()
    if probe is None or probe.grad is None:
        watch.updates, watch.versions = False, []


def find_gradient(watch: Watch) -> bool:
    """Look for any parameter with a gradient and remember it for the next step."""
    for group in watch.groups or ():
        for parameter in group["params"]:
            if parameter.grad is not None:
                watch.probe = weakref.ref(parameter)
                return True
    return False


def _has_written(watch: Watch) -> bool:
    """Say whether any parameter was written to since the step began.

    Steps may do without gradients, or free them. Torch counts what is written to a
    tensor; to ask for that count concerns no device.
    """
    before, now = watch.versions, _versions(watch)
    return len(before) == len(now) and before != now


def _versions(watch: Watch) -> list[int]:
    return [_version(each) for group in watch.groups or () for each in group["params"]]


def _version(parameter: Any) -> int:
    try:
        return int(parameter._version)
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return 0  # tensors of inference mode have none
