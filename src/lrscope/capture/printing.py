"""Printing: applied and next rates on standard error while the training runs.

The next rate of a step is known when the following step begins, so that is when
its line appears; the last one appears at the end.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from lrscope.recording import rows

if TYPE_CHECKING:
    from types import ModuleType

    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.watch import Watch


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
        self._due: dict[int, tuple[Watch, int, list[float]]] = {}
        self._complete: deque[tuple[Watch, int, list[float], list[Any]]] = deque()
        self._rows = 0

    def hooks(self, optimizer: ModuleType, witness: OptimizerWitness) -> list[Any]:
        """Register with torch, after the witness; only rank 0 prints."""
        journal = witness.journal
        self._witness = witness
        witness.graphs.when_replayed.append(self._replayed)

        def before(stepping: Any, *_: Any) -> None:
            watch = witness.watches.get(id(stepping))
            if watch is not None and not witness.graphs.is_capturing:
                self._begins(watch, watch.rates)
                if not watch.waiting:
                    self._print_known()

        def after(stepping: Any, *_: Any) -> None:
            watch = witness.watches.get(id(stepping))
            if watch is None or journal.rows == self._rows:
                return  # the outer half of a nested step
            self._rows = journal.rows
            flags, watch.last_flags = watch.last_flags, rows.UPDATED
            self._ended(watch, watch.rates, flags)

        return [
            optimizer.register_optimizer_step_pre_hook(before),
            optimizer.register_optimizer_step_post_hook(after),
        ]

    def _replayed(self, watch: Watch, rates: list[float], flags: int) -> None:
        """Take a step that a CUDA graph replayed."""
        self._begins(watch, rates)
        self._ended(watch, rates, flags)
        self._rows = self._witness.journal.rows

    def _begins(self, watch: Watch, rates: list[float]) -> None:
        """Complete the step before, whose next rates these are."""
        journal = self._witness.journal
        if watch.number in self._due and (not self._passes or _a_pass_ended(journal)):
            self._complete.append((*self._due.pop(watch.number), rates))

    def _ended(self, watch: Watch, rates: list[float], flags: int) -> None:
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
            self._due[watch.number] = (watch, step, rates)

    def _print_known(self) -> None:
        """Print the steps whose rates are not still on a device."""
        if not self._complete:
            return
        late = self._witness.late
        late.collect()
        while self._complete:
            watch, step, applied, after = self._complete[0]
            if late.awaits(applied) or late.awaits(after):
                break
            self._complete.popleft()
            self._print(watch, step, applied, after)

    def finish(self) -> None:
        """Print what is still due."""
        self._print_known()
        while self._due:
            _, (watch, step, applied) = self._due.popitem()
            last = [group.get("lr") for group in watch.groups or ()]
            self._print(watch, step, applied, last)

    def _name(self, watch: Watch) -> str:
        """Return an optimizer's name as a reader of the run will have it."""
        watches = self._witness.watches.values()
        several = sum(each.name == watch.name for each in watches) > 1
        order = str(self._orders[watch.number]) if several else ""
        return f"{watch.name.lower()}{order}"

    def _print(
        self, watch: Watch, step: int, applied: list[float], after: list[Any]
    ) -> None:
        lines = []
        for position, number in enumerate(watch.numbers):
            rate = applied[position]
            line = f"step {step} · {self._name(watch)}/{watch.described[number]}"
            line += f" applied {rate:.2e}"
            following = after[position] if position < len(after) else rate
            if isinstance(following, float) and following != rate:
                line += f" · next {following:.2e}"
            lines.append(line)
        print("\n".join(lines), file=sys.stderr, flush=True)


def _a_pass_ended(journal: Journal) -> bool:
    return any(journal.happened(item).startswith("pass_") for item in journal.pending)
