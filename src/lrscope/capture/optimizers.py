"""Optimizers: the witness at every optimizer step.

The hooks are torch's own global step hooks. The one before a step reads the rate
that is about to be used, the one after it writes the row. The facts that shape
the code are numbered as in docs/design.md.
"""

from __future__ import annotations

import sys
import weakref
from itertools import count
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.late import LateValues
from lrscope.capture.nesting import Covered, cover, drop_unfinished, find_opened
from lrscope.capture.plain import plain
from lrscope.capture.rates import RateReader
from lrscope.capture.states import steps_in
from lrscope.capture.unusual import UnusualSteps, find_gradient
from lrscope.capture.watch import Watch
from lrscope.sites import here, unseen

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from lrscope.capture.journal import Journal

MOST_COMPARED = 100
"""Optimizers of a process from which on they are not compared any more."""


class OptimizerWitness:
    """Watches every optimizer of the process.

    Args:
        journal: where to write.
        fail: what to call with an exception of our own; it ends the recording.
    """

    def __init__(self, journal: Journal, fail: Callable[[Exception], None]) -> None:
        """Watch nothing yet; see `hooks`."""
        self.journal = journal
        self.watches: dict[int, Watch] = {}
        self.late = LateValues(journal)
        self._numbers = count()
        self._fail = fail
        self._opened: list[Any] = []
        self._reader = RateReader(journal, self.watches, self.late)
        self._unusual = UnusualSteps(journal, self._reader, self.late, fail)

    def meet(self, optimizer: Optimizer, *, how: str = "found") -> Watch:
        """Return the watch of an optimizer, made now if it is new."""
        key = id(optimizer)
        watch = self.watches.get(key)
        if watch is None:
            watch = self.watches[key] = Watch(next(self._numbers), optimizer)
            forget = self.watches.pop
            weakref.finalize(optimizer, forget, key, None).atexit = False
            watch.numbers = watch.members.numbers(optimizer.param_groups)
            self.journal.event(
                "optimizer_constructed",
                optimizer=watch.number,
                class_name=watch.name,
                module=type(optimizer).__module__,
                how=how,
                groups=self._reader.introduce(watch, optimizer.param_groups),
                where=here(optimizer) if how == "constructed" else [],
                shares=self._sharing(watch),
            )
        return watch

    def _sharing(self, watch: Watch) -> list[int]:
        """Return the numbers of other optimizers that hold any of its parameters."""
        others = list(self.watches.values())
        if len(others) > MOST_COMPARED:  # one for each parameter: nobody shares
            return []
        return [
            each.number
            for each in others
            if each is not watch and each.members.shares(watch.members)
        ]

    def watch_for(self, optimizer: Any) -> Watch | None:
        """Return the watch of an optimizer, or of the one that a wrapper wraps."""
        known = self.watches.get(id(optimizer))
        if known is not None:
            return known
        groups = getattr(optimizer, "param_groups", None)
        if not isinstance(groups, list):
            return None
        for watch in self.watches.values():
            if watch.members.owns_any(groups):
                return watch
        base = sys.modules["torch.optim.optimizer"].Optimizer
        return self.meet(optimizer) if isinstance(optimizer, base) else None

    def hooks(
        self,
    ) -> tuple[Callable[..., None], Callable[..., None]]:
        """Return the functions for torch's global pre- and post-step hooks.

        They run at every step of the training with cold caches: what they touch is
        counted (docs/decisions/0011).
        """
        watches = self.watches
        journal = self.journal
        pending = journal.pending
        opened = self._opened
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
                    watch = self.meet(optimizer)
                groups = optimizer.param_groups
                if len(groups) != watch.count or groups is not watch.groups:
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
                    for position, group, size, read, was in watch.beside[watch.turn]:
                        if (
                            groups[position] is not group
                            or read(group) != was
                            or len(group) != size
                        ):
                            moved_beside(watch, optimizer)
                            break
                    if watch.turns > 1:
                        watch.turn = (watch.turn + 1) % watch.turns
                else:
                    watch.rates = read_carefully(watch, optimizer, look=True)
                probe = watch.probe()
                if probe is None or probe.grad is None:
                    watch.updates = find_gradient(watch)
                if optimizer._optimizer_step_pre_hooks:
                    watch.hooked, watch.usual, watch.explained = True, False, False
                opened.append(watch)
            except Exception:  # noqa: BLE001 - the training must go on
                self._begin_carefully(optimizer)

        @unseen
        def after(optimizer: Any, _args: Any, _kwargs: Any) -> None:
            try:
                watch = opened.pop()
                if type(watch) is Covered or watch.owner != id(optimizer):
                    watch = find_opened(opened, watch, optimizer)
                    if watch is None:  # the outer half of a nested step (fact 2)
                        return
                if pending != watch.pattern:
                    watch.follow(journal)
                pending.clear()
                if watch.usual and watch.updates:
                    rates = watch.applied = watch.rates
                    journal.sink.store(watch.code, rates)
                else:
                    unusual.write(watch, optimizer)
                watch.explained = False
                if opened:
                    cover(opened, watch)
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)

        return before, after

    def _begin_carefully(self, optimizer: Any) -> None:
        """Try the slow way where the fast one met something it did not expect."""
        try:
            watch = self.meet(optimizer)
            self._reader.regroup(watch, optimizer)
            watch.rates = self._reader.read_carefully(watch, optimizer)
            watch.updates = find_gradient(watch)
            self._opened.append(watch)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _drop_unfinished(self, optimizer: Any) -> None:
        for watch in drop_unfinished(self._opened, optimizer):
            self.journal.event("step_raised", optimizer=watch.number)

    @unseen
    def scaler_steps(self, optimizer: Any, step: Callable[[], Any]) -> Any:
        """Run a GradScaler's step and note an update that it left out (fact 4)."""
        try:
            watch = self.watch_for(optimizer)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)
            watch = None
        if watch is None:
            return step()
        rows_before = self.journal.rows
        watch.scaled, watch.usual = True, False
        try:
            result = step()
        finally:
            watch.scaled, watch.usual = False, True
        if self.journal.rows == rows_before:
            self._unusual.write_left_out(watch, optimizer)
        return result

    def note_added(self, optimizer: Any) -> None:
        """Note that the program gave an optimizer another group."""
        try:
            watch = self.meet(optimizer)
            watch.numbers = watch.members.numbers(optimizer.param_groups)
            self.journal.event(
                "group_added",
                optimizer=watch.number,
                order=watch.numbers,
                groups=self._reader.introduce(watch, optimizer.param_groups),
                where=here(),
            )
            watch.explained = True
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def note_loaded(self, optimizer: Any) -> None:
        """Note that an optimizer was given a saved state."""
        try:
            watch = self.meet(optimizer)
            groups = optimizer.param_groups
            self.journal.event(
                "optimizer_state_loaded",
                optimizer=watch.number,
                rates=[plain(group.get("lr")) for group in groups],
                initial_rates=[plain(group.get("initial_lr")) for group in groups],
                steps=steps_in(optimizer.state),
                where=here(),
            )
            watch.explained = True
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    @property
    def any_met(self) -> bool:
        """Say whether there is an optimizer."""
        return bool(self.watches)

    def number_of(self, optimizer: Any, _: object = None) -> int | None:
        """Return the number of an optimizer, None if it is not watched."""
        watch = self.watches.get(id(optimizer))
        return None if watch is None else watch.number

    def applied_by(self, optimizer: Any) -> list[float | None] | None:
        """Return the rates of an optimizer's last real update, NaN as None."""
        watch = self.watches.get(id(optimizer))
        if watch is None:
            return None
        rates = {
            **watch.applied_before,
            **dict(zip(watch.numbers, watch.applied or ())),
        }
        found = map(rates.get, watch.members.numbers(optimizer.param_groups))
        return [None if rate is None or rate != rate else rate for rate in found]

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        for watch in self.watches.values():
            watch.forget_files()
        self._opened.clear()
