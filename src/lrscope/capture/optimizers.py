"""Optimizers: the witness at every optimizer step.

The hooks are torch's own global step hooks. The one before a step reads the rate
that is about to be used, the one after it writes the row. The facts that shape
the code are numbered as in docs/design.md.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture import groups as grouping
from lrscope.capture.handwritten import writers_of_rate
from lrscope.capture.late import LateValues
from lrscope.capture.plain import plain
from lrscope.capture.sites import here, unseen
from lrscope.capture.watch import EVERY, Covered, Watch
from lrscope.recording import rows

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from lrscope.capture.journal import Journal


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
        self._met = 0
        self._fail = fail
        self._opened: list[Any] = []

    def meet(self, optimizer: Optimizer, *, how: str = "found") -> Watch:
        """Return the watch of an optimizer, made now if it is new."""
        key = id(optimizer)
        watch = self.watches.get(key)
        if watch is None:
            watch = self.watches[key] = Watch(self._met, optimizer)
            self._met += 1
            forget = self.watches.pop
            weakref.finalize(optimizer, forget, key, None).atexit = False
            watch.numbers = watch.members.numbers(optimizer.param_groups)
            self.journal.event(
                "optimizer_constructed",
                optimizer=watch.number,
                class_name=watch.name,
                module=type(optimizer).__module__,
                how=how,
                groups=self._introduce(watch, optimizer.param_groups),
                where=here(),
            )
        return watch

    def _introduce(
        self, watch: Watch, groups: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Describe the groups that were not described yet."""
        news = []
        for group, number, name in zip(
            groups, watch.numbers, grouping.names_of(groups)
        ):
            if number not in watch.described:
                watch.described[number] = name
                details = grouping.describe(group, number, name)
                details["lr"] = _number_or_nan(group.get("lr"))
                news.append(details)
        return news

    def regroup(self, watch: Watch, optimizer: Optimizer) -> None:
        """Look at an optimizer's groups anew and choose what its rows hold."""
        groups = optimizer.param_groups
        before = watch.numbers
        watch.numbers = watch.members.numbers(groups)
        news = self._introduce(watch, groups)
        if news or watch.numbers != before:
            self.journal.event(
                "groups_changed",
                optimizer=watch.number,
                order=watch.numbers,
                groups=news,
                where=here(),
            )
        watch.groups = groups
        watch.count = len(groups)
        watch.last = None
        watch.explained = True
        watch.countdown = 1
        moving = {(watch.numbers[p], key, i) for p, key, i in watch.extra}
        watch.extra = []
        watch.readers = [grouping.SettingsReader(group) for group in groups]
        watch.settings = [reader.copy(g) for reader, g in zip(watch.readers, groups)]
        for position, reader in enumerate(watch.readers):
            for key, index in reader.numbers(groups[position]):
                if (watch.numbers[position], key, index) in moving:
                    watch.extra.append((position, key, index))
        self._choose_layout(watch)

    def _choose_layout(self, watch: Watch) -> None:
        groups = watch.groups or []
        plain = all(type(group.get("lr")) is float for group in groups)
        watch.simple = plain and bool(groups) and not watch.extra
        columns: list[list[Any]] = [[number, "lr"] for number in watch.numbers]
        for position, name, index in watch.extra:
            several = isinstance(groups[position][name], (tuple, list))
            label = f"{name}[{index}]" if several else name
            columns.append([watch.numbers[position], label])
        key = tuple(map(tuple, columns))
        layout = watch.layouts.get(key)
        if layout is None:
            layout = self.journal.open().layout(
                {"holds": "step", "optimizer": watch.number, "columns": columns},
                len(columns),
            )
            watch.layouts[key] = layout
        watch.layout = layout
        watch.pattern = None  # the code of a row changes with the layout

    def hooks(self) -> tuple[Callable[..., None], Callable[..., None]]:
        """Return the functions for torch's global pre- and post-step hooks.

        They run at every step of the training with cold caches: what they touch is
        counted (docs/decisions/0011).
        """
        watches = self.watches
        journal = self.journal
        pending = journal.pending
        opened = self._opened
        fail = self._fail

        @unseen
        def before(optimizer: Any, _args: Any, _kwargs: Any) -> None:
            try:
                try:
                    watch = watches[id(optimizer)]
                except KeyError:
                    watch = self.meet(optimizer)
                groups = optimizer.param_groups
                if groups is not watch.groups or len(groups) != watch.count:
                    self.regroup(watch, optimizer)
                if opened:
                    self._drop_unfinished(optimizer)
                if watch.simple:
                    rates = [group["lr"] for group in groups]
                    if rates != watch.last:
                        if watch.explained and type(rates[0]) is float:
                            watch.last = rates
                        else:
                            rates = self._rates_changed(watch, rates)
                    watch.rates = rates
                    watch.countdown -= 1
                    if not watch.countdown and self._look_beside(watch):
                        watch.rates = self._read_carefully(watch)
                else:
                    watch.rates = self._read_carefully(watch)
                probe = watch.probe()
                if probe is None or probe.grad is None:
                    watch.updates = _find_gradient(watch)
                opened.append(watch)
            except Exception as error:  # noqa: BLE001 - the training must go on
                self._begin_carefully(optimizer, error)

        @unseen
        def after(optimizer: Any, _args: Any, _kwargs: Any) -> None:
            try:
                watch = opened.pop()
                if type(watch) is Covered or watch.owner != id(optimizer):
                    watch = self._find_opened(watch, optimizer)
                    if watch is None:  # the outer half of a nested step (fact 2)
                        return
                if pending != watch.pattern:
                    watch.follow(journal)
                pending.clear()
                if watch.usual and watch.updates:
                    rates = watch.applied = watch.rates
                    journal.sink.store(watch.code, rates)
                else:
                    self._write_unusual(watch, optimizer)
                watch.explained = False
                if opened:
                    self._cover(watch)
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)

        self._before = before
        return before, after

    def _begin_carefully(self, optimizer: Any, error: Exception) -> None:
        """Try the slow way where the fast one met something it did not expect."""
        try:
            watch = self.meet(optimizer)
            self.regroup(watch, optimizer)
            watch.rates = self._read_carefully(watch)
            watch.updates = _find_gradient(watch)
            self._opened.append(watch)
        except Exception:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _drop_unfinished(self, optimizer: Any) -> None:
        """Forget steps that began and raised (fact 3); those around us are alive."""
        alive = _stepping_now()
        alive[id(optimizer)] -= 1  # this one is about to begin
        for watch in self._opened[:]:
            if alive[watch.owner] > 0:
                alive[watch.owner] -= 1
                continue
            self._opened.remove(watch)
            if isinstance(watch, Watch):
                self.journal.event("step_raised", optimizer=watch.number)

    def _find_opened(self, popped: Any, optimizer: Any) -> Watch | None:
        """Return the watch of a step that was not the last to begin.

        None if an inner step was written in its place; otherwise several threads
        are stepping.
        """
        if isinstance(popped, Covered) and popped.owner == id(optimizer):
            return None
        self._opened.append(popped)
        for watch in reversed(self._opened):
            if watch.owner == id(optimizer):
                self._opened.remove(watch)
                return watch if isinstance(watch, Watch) else None
        return None

    def _cover(self, watch: Watch) -> None:
        """Mark the steps around this one that update the same parameters (fact 2)."""
        for index, outer in enumerate(self._opened):
            if isinstance(outer, Watch) and outer.members.shares(watch.members):
                self._opened[index] = Covered(outer.owner)
                outer.explained = False

    def _look_beside(self, watch: Watch) -> bool:
        """Look at the numbers beside the rates; say whether one moved."""
        groups = watch.groups or []
        watch.countdown = 1 if watch.attentive else EVERY
        chosen = range(len(groups))
        if watch.attentive:
            watch.attentive -= 1
        elif groups:
            watch.turn = (watch.turn + 1) % len(groups)
            chosen = range(watch.turn, watch.turn + 1)
        moved = any(
            watch.readers[each].read(groups[each]) != watch.settings[each]
            for each in chosen
        )
        if moved:
            self._settings_changed(watch)
        elif watch.simple and any(
            type(groups[each]["lr"]) is not float for each in chosen
        ):
            watch.simple = False
        return moved or not watch.simple

    def _rates_changed(self, watch: Watch, rates: list[Any]) -> list[float]:
        if any(type(rate) is not float for rate in rates):
            watch.simple = False
            return self._read_carefully(watch)
        self._attribute(watch, rates)
        return rates

    def _attribute(self, watch: Watch, rates: list[float]) -> None:
        """Note a change of rates that no scheduler and no load explains."""
        if not watch.explained and watch.last is not None:
            others = self.watches.values()
            if not any(
                other.explained
                and other is not watch
                and other.members.shares(watch.members)
                for other in list(others)
            ):
                self.journal.pending.append(self._hand(watch))
        watch.last = rates

    def _hand(self, watch: Watch) -> int:
        """Return the item for a rate that the program around this step wrote."""
        frame: Any = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_name in _BETWEEN:
            frame = frame.f_back
        key = (id(frame.f_code), frame.f_lasti)
        known = watch.hands.get(key)
        if known is None:
            item = self.journal.item(
                "rate_written",
                optimizer=watch.number,
                where=writers_of_rate(frame),
            )
            known = watch.hands[key] = (item, frame.f_code)  # the code keeps its id
        return known[0]

    def _settings_changed(self, watch: Watch) -> None:
        """Give every number that moved a column of its own."""
        groups = watch.groups or []
        for position, (reader, group) in enumerate(zip(watch.readers, groups)):
            before = reader.flat(watch.settings[position])
            for (key, index), value in reader.numbers(group).items():
                moved = (position, key, index)
                if value != before.get((key, index)) and moved not in watch.extra:
                    watch.extra.append(moved)
            watch.settings[position] = reader.copy(group)
        self._choose_layout(watch)

    def _read_carefully(self, watch: Watch) -> list[float]:
        """Return the values of a row where not all of them are plain floats."""
        watch.countdown -= 1
        if watch.countdown < 1:
            self._look_beside(watch)
        groups = watch.groups or []
        values: list[float] = []
        for group in groups:
            values.append(self._read(watch, group.get("lr"), len(values)))
        rates = values[:]
        if watch.last is None or any(
            new != old and new == new for new, old in zip(rates, watch.last)
        ):
            self._attribute(watch, rates)
        for position, key, index in watch.extra:
            value = groups[position].get(key)
            if isinstance(value, (tuple, list)):
                value = value[index] if index < len(value) else None
            values.append(self._read(watch, value, len(values)))
        return values

    def _read(self, watch: Watch, value: Any, column: int) -> float:
        if type(value) is float:
            return value
        if grouping.is_tensor(value) and not grouping.is_on_host(value):
            ready = self.late.start(value)
            if ready is not None:
                watch.waiting.append((column, ready))
                watch.usual = False
            return _NAN
        number = _number_or_nan(value)
        if number != number and column not in watch.odd:
            watch.odd.add(column)
            self.journal.event(
                "rate_is_no_number",
                optimizer=watch.number,
                column=column,
                value=repr(value)[:100],
                type=type(value).__name__,
            )
        return number

    def _write_unusual(self, watch: Watch, optimizer: Any) -> None:
        """Write a row of a step that may have changed nothing, or whose rate waits."""
        flags = rows.UPDATED
        if not watch.updates and not _find_gradient(watch):
            flags = rows.NO_GRADIENT
        found = None
        if watch.scaled:
            flags |= rows.SCALED
            found = optimizer.__dict__.get("found_inf")  # fused optimizers (fact 4)
            if found is not None and grouping.is_on_host(found):
                if found.item():
                    flags = rows.SCALED | rows.OVERFLOW
                found = None
        waiting, watch.waiting = watch.waiting, []
        ready = self.late.start(found) if found is not None else None
        flags |= (rows.LATE if waiting else 0) | (rows.UNDECIDED if ready else 0)
        row = self.journal.sink.store(watch.code_with(flags), watch.rates)
        if waiting or ready is not None:
            self.late.expect(row, waiting, ready)
        watch.last_flags = flags
        if flags & rows.UPDATED:
            watch.applied = watch.rates
        watch.usual = not watch.scaled
        watch.updates = True

    def scaler_steps(self, optimizer: Any, step: Callable[[], Any]) -> Any:
        """Run a GradScaler's step and note an update that it left out (fact 4)."""
        watch = self.meet(optimizer)
        rows_before = self.journal.rows
        watch.scaled, watch.usual = True, False
        try:
            result = step()
        finally:
            watch.scaled, watch.usual = False, True
        if self.journal.rows == rows_before:
            self._note_left_out(watch, optimizer)
        return result

    def _note_left_out(self, watch: Watch, optimizer: Any) -> None:
        try:
            self._before(optimizer, (), {})
            if self._opened and self._opened[-1] is watch:
                self._opened.pop()
                watch.follow(self.journal)
                self.journal.pending.clear()
                code = watch.code_with(rows.SCALED | rows.OVERFLOW)
                self.journal.sink.store(code, watch.rates)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def note_added(self, optimizer: Any) -> None:
        """Note that the program gave an optimizer another group."""
        try:
            watch = self.meet(optimizer)
            watch.numbers = watch.members.numbers(optimizer.param_groups)
            self.journal.event(
                "group_added",
                optimizer=watch.number,
                order=watch.numbers,
                groups=self._introduce(watch, optimizer.param_groups),
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
                rates=[plain(group.get("lr"), _refer_to_nothing) for group in groups],
                initial_rates=[
                    plain(group.get("initial_lr"), _refer_to_nothing)
                    for group in groups
                ],
                where=here(),
            )
            watch.explained = True
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def applied_by(self, optimizer: Any) -> list[float | None] | None:
        """Return the rates of an optimizer's last real update, NaN as None."""
        watch = self.watches.get(id(optimizer))
        if watch is None or watch.applied is None:
            return None
        rates = watch.applied[: len(watch.numbers)]
        return [None if rate != rate else rate for rate in rates]

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        for watch in self.watches.values():
            watch.forget_files()
        self._opened.clear()


_NAN = float("nan")
_WRAPPER = os.path.join("optim", "optimizer.py")
_BETWEEN = frozenset({"before", "wrapper", "_rates_changed", "_read_carefully"})


def _stepping_now() -> Counter[int]:
    """Count, by identity, the optimizers that are in a step in any thread."""
    found: Counter[int] = Counter()
    for top in sys._current_frames().values():
        frame: Any = top
        while frame is not None:
            code = frame.f_code
            if "wrapper" in code.co_name and code.co_filename.endswith(_WRAPPER):
                found[id(frame.f_locals.get("self"))] += 1
            frame = frame.f_back
    return found


def _find_gradient(watch: Watch) -> bool:
    """Look for any parameter with a gradient and remember it for the next step."""
    for group in watch.groups or ():
        for parameter in group["params"]:
            if parameter.grad is not None:
                watch.probe = weakref.ref(parameter)
                return True
    return False


def _refer_to_nothing(_: Any) -> None:
    return None


def _number_or_nan(value: Any) -> float:
    try:
        if grouping.is_tensor(value):
            return float(value.item()) if grouping.is_on_host(value) else _NAN
        return float(value) if not isinstance(value, str) else _NAN
    except (TypeError, ValueError, OverflowError):
        return _NAN
