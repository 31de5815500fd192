"""Printing: applied and next rates on standard error while the training runs.

The next rate of a step is known when the following step begins, so that is when
its line appears; the last one appears at the end.
"""

from __future__ import annotations

import sys
from collections import deque
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from lrscope.capture.modes import untraced
from lrscope.recording import rows
from lrscope.sites import unseen

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.watch import Watch


class Due(NamedTuple):
    """A step to be printed.

    Attributes:
        watch: of its optimizer.
        step: its index.
        numbers: of the groups.
        applied: their rates; those on a device come later.
    """

    watch: Watch
    step: int
    numbers: list[int]
    applied: list[float]


class Printer:
    """Prints a line per group for every step, every N steps or every pass.

    Args:
        every: "step", "epoch" (a pass over a DataLoader) or a number of steps.
    """

    def __init__(self, every: str) -> None:
        """Print nothing yet; see `hooks`."""
        self._passes = every == "epoch"
        self._every = 1 if every in ("step", "epoch") else int(every)
        self._steps: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._orders: dict[int, int] = {}  # of first steps, among those of a class
        self._witness: OptimizerWitness  # from `hooks`
        self._due: dict[int, Due] = {}
        self._complete: deque[tuple[Due, list[Any]]] = deque()
        self._rows: dict[int, int] = {}
        self._hooked: dict[int, bool] = {}  # steps under way with hooks of their own
        self._at_it = RLock()  # several threads may be stepping

    def hooks(self, optimizer: ModuleType, witness: OptimizerWitness) -> list[Any]:
        """Register with torch, after the witness; only rank 0 prints."""
        self._witness = witness
        witness.graphs.printer = self

        @unseen
        def before(stepping: Any, *_: Any) -> None:
            watch = witness.watches.get(id(stepping))
            if watch is None or witness.graphs.is_capturing:
                return
            try:
                if watch.hooked:  # the next rates are known when its hooks have run
                    self._hooked[watch.number] = self._is_asked_for()
                else:
                    self.begins(watch, watch.rates)
                if not watch.waiting:
                    self._print_known()
            except Exception as error:  # noqa: BLE001 - the training must go on
                witness.fail(error)

        @unseen
        def after(stepping: Any, *_: Any) -> None:
            watch = witness.watches.get(id(stepping))
            if watch is None or watch.row == self._rows.get(watch.number, -1):
                return  # the outer half of a nested step, or one that is captured
            self._rows[watch.number] = watch.row
            flags, watch.last_flags = watch.last_flags, rows.UPDATED
            try:
                if self._hooked.pop(watch.number, False):
                    self._completed(watch, watch.rates)
                self.ended(watch, watch.rates, flags)
            except Exception as error:  # noqa: BLE001 - the training must go on
                witness.fail(error)

        untraced(before, after)
        return [
            optimizer.register_optimizer_step_pre_hook(before),
            optimizer.register_optimizer_step_post_hook(after),
        ]

    def begins(self, watch: Watch, rates: list[float]) -> None:
        """Complete the step before, whose next rates these are."""
        if self._is_asked_for():
            self._completed(watch, rates)

    def _is_asked_for(self) -> bool:
        """Say whether a step is to be printed, if one is due."""
        return not self._passes or _a_pass_ended(self._witness.journal)

    def _completed(self, watch: Watch, rates: list[float]) -> None:
        with self._at_it:
            if watch.number in self._due:
                self._complete.append((self._due.pop(watch.number), rates))

    def ended(self, watch: Watch, rates: list[float], flags: int) -> None:
        """Take a step that has ended."""
        with self._at_it:
            self._print_known()
            if not flags & rows.UPDATED:
                return
            if watch.number not in self._steps:
                order = sum(each == watch.name for each in self._names.values())
                self._names[watch.number] = watch.name
                self._orders[watch.number] = order
            step = self._steps.get(watch.number, 0)
            self._steps[watch.number] = step + 1
            if step % self._every == 0:
                self._due[watch.number] = Due(watch, step, watch.numbers, rates)

    def _print_known(self) -> None:
        """Print the steps whose rates are not still on a device."""
        if not self._complete:
            return
        late = self._witness.late
        late.collect()
        with self._at_it:
            while self._complete:
                due, after = self._complete[0]
                if late.awaits(due.applied) or late.awaits(after):
                    break
                self._complete.popleft()
                self._print(due, after)

    def finish(self) -> None:
        """Print what is still due, whatever never came."""
        with self._at_it:
            while self._complete:
                self._print(*self._complete.popleft())
            while self._due:
                _, due = self._due.popitem()
                after = [group.get("lr") for group in due.watch.groups or ()]
                self._print(due, after)

    def _name(self, watch: Watch) -> str:
        """Return an optimizer's name as a reader of the run will have it."""
        watches = self._witness.watches.values()
        several = sum(each.name == watch.name for each in tuple(watches)) > 1
        order = str(self._orders[watch.number]) if several else ""
        return f"{watch.name.lower()}{order}"

    def _print(self, due: Due, after: list[Any]) -> None:
        lines = []
        name = self._name(due.watch)
        for position, (number, rate) in enumerate(zip(due.numbers, due.applied)):
            told = "not known" if rate != rate else f"{rate:.2e}"
            line = f"step {due.step} · {name}/{due.watch.described[number]}"
            line += f" applied {told}"
            following = after[position] if position < len(after) else rate
            if isinstance(following, float) and following == following != rate:
                line += f" · next {following:.2e}"
            lines.append(line)
        print("\n".join(lines), file=sys.stderr, flush=True)


def _a_pass_ended(journal: Journal) -> bool:
    return any(journal.happened(item).startswith("pass_") for item in journal.pending)
