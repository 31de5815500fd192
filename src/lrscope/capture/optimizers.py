"""Optimizers: which there are, what they were given, and the hooks for their steps."""

from __future__ import annotations

import sys
import weakref
from itertools import count
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.graphs import GraphWitness
from lrscope.capture.known import Known
from lrscope.capture.late import LateValues
from lrscope.capture.optimizer_steps import OptimizerSteps
from lrscope.capture.plain import plain
from lrscope.capture.rates import RateReader
from lrscope.capture.states import is_own_state, steps_in
from lrscope.capture.watch import Watch
from lrscope.capture.writers import Writers
from lrscope.sites import here, unseen
from lrscope.wrapped import innermost

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
        self.graphs = GraphWitness(journal, self.watches, self.late, fail)
        self._numbers = count()
        self.fail = fail
        opened: list[Any] = []  # steps under way
        writers = Writers(journal, self.watches, opened)
        self._reader = RateReader(journal, writers, self.late)
        self._steps = OptimizerSteps(
            journal, self.watches, opened, self.meet, self._reader, self.late,
            self.graphs, fail,
        )  # fmt: skip
        self.hooks = self._steps.hooks

    def meet(self, optimizer: Optimizer, *, how: str = "found") -> Watch:
        """Return the watch of an optimizer, made now if it is new."""
        key = id(optimizer)
        watch = self.watches.get(key)
        if watch is None:
            watch = self.watches[key] = Watch(next(self._numbers), optimizer)
            watch.usual = not self.graphs.is_capturing
            weakref.finalize(optimizer, self._forget, key).atexit = False
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
                steps=None if how == "constructed" else steps_in(optimizer.state),
            )
        return watch

    def _forget(self, key: int) -> None:
        watch = self.watches.pop(key, None)
        if watch is not None:
            watch.let_go()

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
        optimizer = innermost(optimizer)
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

    @unseen
    def scaler_steps(self, optimizer: Any, step: Callable[[], Any]) -> Any:
        """Run a GradScaler's step and note an update that it left out (fact 4)."""
        try:
            watch = self.watch_for(optimizer)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self.fail(error)
            watch = None
        if watch is None:
            return step()
        return self._steps.scaled(watch, optimizer, step)

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
            self.fail(error)

    def note_loaded(self, optimizer: Any) -> None:
        """Note that an optimizer was given a saved state."""
        try:
            if is_own_state(sys._getframe(1)):
                return
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
            self.fail(error)

    @property
    def any_met(self) -> bool:
        """Say whether there is an optimizer."""
        return bool(self.watches)

    def number_of(self, optimizer: Any, _: object = None) -> int | None:
        """Return the number of an optimizer, None if it is not watched."""
        watch = self.watches.get(id(optimizer))
        return None if watch is None else watch.number

    def rates_of(self, optimizer: Any) -> list[Known] | None:
        """Return what is known of the rates of each group."""
        watch = self.watches.get(id(optimizer))
        if watch is None:
            return None
        self.late.wait()
        rates = {
            **watch.applied_before,
            **dict(zip(watch.numbers, watch.applied or ())),
        }
        numbers = watch.members.numbers(optimizer.param_groups)
        return [
            Known.of(rates.get(each), watch.effective.get(each)) for each in numbers
        ]

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        for watch in self.watches.values():
            watch.forget_files()
        self.late.forget_files()
        self.graphs.forget_files()
        self._steps.forget()
