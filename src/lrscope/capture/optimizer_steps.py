"""Optimizer steps: what happens around every one.

The hooks are torch's own global step hooks. The one before a step reads the rate
that is about to be used, the one after it writes the row. The facts that shape
the code are numbered as in docs/design.md.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.modes import untraced
from lrscope.capture.nesting import cover, drop_unfinished, find_opened
from lrscope.capture.unusual import UnusualSteps, look_for_gradients, note_cleared
from lrscope.capture.watch import Watch
from lrscope.capture.writers import BETWEEN
from lrscope.compiled import quick
from lrscope.recording.writer import Writer
from lrscope.sites import unseen

if TYPE_CHECKING:
    from lrscope.capture.graphs import GraphWitness
    from lrscope.capture.journal import Journal
    from lrscope.capture.late import LateValues
    from lrscope.capture.rates import RateReader


class OptimizerSteps:
    """Knows which steps are under way and writes a row for each.

    Args:
        journal: where to write.
        watches: of all optimizers, by identity.
        opened: steps under way.
        meet: returns the watch of an optimizer that may be new.
        reader: reads rates that are not just plain floats.
        late: takes values that are on a device.
        graphs: holds steps that are captured.
        fail: what to call with an exception of our own; it ends the recording.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that a step may touch
        self,
        journal: Journal,
        watches: dict[int, Watch],
        opened: list[Any],
        meet: Callable[[Any], Watch],
        reader: RateReader,
        late: LateValues,
        graphs: GraphWitness,
        fail: Callable[[Exception], None],
    ) -> None:
        """See no step yet; see `hooks`."""
        self._journal = journal
        self._watches = watches
        self._meet = meet
        self._reader = reader
        self._fail = fail
        self._opened = opened
        self._graphs = graphs
        self._unusual = UnusualSteps(journal, reader, late, graphs, fail)

    def hooks(
        self,
    ) -> tuple[Callable[..., None], Callable[..., None]]:
        """Return the functions for torch's global pre- and post-step hooks.

        They run at every step of the training with cold caches: what they touch is
        counted (docs/decisions/0011).
        """
        watches = self._watches
        journal = self._journal
        pending = journal.pending
        opened = self._opened
        meet = self._meet
        fail = self._fail
        regroup = self._reader.regroup
        rates_changed = self._reader.rates_changed
        read_carefully = self._reader.read_carefully
        moved_beside = self._reader.moved_beside
        unusual = self._unusual

        @unseen
        def before(  # noqa: PLR0912 - a call costs more than what it would do
            optimizer: Any, _args: Any, _kwargs: Any
        ) -> None:
            try:
                try:
                    watch = watches[id(optimizer)]
                except KeyError:
                    watch = meet(optimizer)
                groups = optimizer.param_groups
                if groups is not watch.groups or watch.has_other(groups):
                    regroup(watch, optimizer)
                if opened:
                    self._drop_unfinished(optimizer)
                if watch.simple:
                    rates = [group["lr"] for group in groups]
                    if rates != watch.last:
                        wrote = watch.explained  # True, or who knows what it wrote
                        if type(rates[0]) is float and (
                            wrote is True or (wrote and rates == wrote()._last_lr)
                        ):
                            watch.last = rates
                        else:
                            rates = rates_changed(watch, optimizer, rates)
                    watch.rates = rates
                    for _, group, size, read, was in watch.beside[watch.turn]:
                        if read(group) != was or len(group) != size:
                            moved_beside(watch, optimizer)
                            break
                    if watch.turns > 1:
                        watch.turn = (watch.turn + 1) % watch.turns
                else:
                    watch.rates = read_carefully(watch, optimizer, look=True)
                probe = watch.probe()
                if probe is None or probe.grad is None:
                    look_for_gradients(watch)
                if optimizer._optimizer_step_pre_hooks:
                    watch.hooked, watch.usual, watch.explained = True, False, False
                watch.thread = get_ident()
                opened.append(watch)
            except Exception:  # noqa: BLE001 - the training must go on
                self._begin_carefully(optimizer)

        def hand_on(watch: Watch) -> None:
            """Put what a hook stepped behind the step before the next row."""
            for item, wrote in watch.behind:
                pending.append(item)
                watch.explained = wrote
            watch.behind.clear()

        @unseen
        def after(optimizer: Any, args: Any, kwargs: Any) -> None:
            try:
                watch = opened[-1] if opened else None
                if type(watch) is not Watch or watch.owner != id(optimizer):
                    watch = find_opened(opened, optimizer)
                    if watch is None:  # the outer half of a nested step (fact 2)
                        watch = watches.get(id(optimizer))
                        if watch is not None:
                            hand_on(watch)
                        return
                else:
                    opened.remove(watch)  # another thread may have begun meanwhile
                if pending != watch.pattern:
                    watch.follow(journal)
                else:
                    pending.clear()
                if watch.updates and (len(args) > 1 or kwargs):
                    note_cleared(watch)  # by a closure
                if watch.usual and watch.updates:
                    rates = watch.applied = watch.rates
                    watch.row = journal.sink.store(watch.code, rates)
                else:
                    unusual.write(watch, optimizer)
                watch.explained = False
                if watch.behind:
                    hand_on(watch)
                if opened:
                    cover(opened, watch)
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)

        untraced(before, after, fail)
        return (
            quick("before", before, watches, opened, pending, BETWEEN, Watch),
            quick("after", after, opened, pending, journal, fail, Watch, Writer),
        )

    def _begin_carefully(self, optimizer: Any) -> None:
        """Try the slow way where the fast one met something it did not expect."""
        try:
            watch = self._meet(optimizer)
            self._reader.regroup(watch, optimizer)
            watch.rates = self._reader.read_carefully(watch, optimizer)
            look_for_gradients(watch)
            watch.thread = get_ident()
            self._opened.append(watch)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _drop_unfinished(self, optimizer: Any) -> None:
        for watch in drop_unfinished(self._opened, optimizer):
            self._journal.event("step_raised", optimizer=watch.number)

    @unseen
    def scaled(self, watch: Watch, optimizer: Any, step: Callable[[], Any]) -> Any:
        """Run a GradScaler's step and note an update that it left out (fact 4)."""
        graphs = self._graphs
        before = self._journal.rows, graphs.steps
        watch.scaled, watch.usual = True, False
        try:
            result = step()
        finally:
            watch.scaled, watch.usual = False, not graphs.is_capturing
        if (self._journal.rows, graphs.steps) == before:
            self._unusual.write_left_out(watch, optimizer)
        return result

    def forget(self) -> None:
        """Know of no step under way, in a forked child."""
        self._opened.clear()
