"""Optimizers: the witness at every optimizer step.

The hooks are torch's own global step hooks. The one before a step reads the rate
that is about to be used, the one after it writes the row. The facts that shape
the code are numbered as in docs/design.md.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture import groups as grouping
from lrscope.capture.handwritten import writers_of_rate
from lrscope.capture.late import LateValues
from lrscope.capture.plain import plain
from lrscope.capture.sites import here, unseen
from lrscope.recording import rows

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from lrscope.capture.journal import Journal
    from lrscope.recording.writer import Layout


class Watch:
    """What is known of one optimizer; changed at every one of its steps."""

    def __init__(self, number: int, optimizer: Optimizer) -> None:
        """Number it in the order in which optimizers were met."""
        self.number = number
        self.name = type(optimizer).__name__
        self.members = grouping.Members()
        self.described: dict[int, str] = {}
        self.numbers: list[int] = []
        self.groups: list[dict[str, Any]] | None = None
        self.count = 0
        self.simple = True  # every rate is a float, no other number is on the move
        self.extra: list[tuple[int, str, int]] = []  # (position, key, index) on the move
        self.readers: list[grouping.SettingsReader] = []
        self.reads: list[Callable[[Any], Any]] = []
        self.settings: list[Any] = []
        self.turn = 0
        self.rates: list[Any] = []
        self.last: list[Any] | None = None
        self.explained = True  # a change of rates since the last row has a known cause
        self.updates = True  # gradients were there before the step
        self.probe: Callable[[], Any] = lambda: None
        self.unusual = False  # the row needs more than a look at the gradients
        self.scaled = False
        self.waiting: list[Any] = []  # values that are still on a device
        self.odd: set[int] = set()  # columns whose value was no number once
        self.last_flags = rows.UPDATED
        self.layout: Layout | None = None
        self.layouts: dict[Any, Layout] = {}
        self.pattern: list[int] | None = None
        self.signature = 0
        self.hands: dict[Any, int] = {}

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self.groups = None
        self.layouts.clear()
        self.pattern = None


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
        self._open_steps = threading.local()

    def meet(self, optimizer: Optimizer, *, how: str = "found") -> Watch:
        """Return the watch of an optimizer, made now if it is new."""
        key = id(optimizer)
        watch = self.watches.get(key)
        if watch is None:
            watch = self.watches[key] = Watch(self._met, optimizer)
            self._met += 1
            forget = self.watches.pop
            weakref.finalize(optimizer, forget, key, None).atexit = False
            self._describe(watch, optimizer.param_groups)
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

    def _describe(self, watch: Watch, groups: list[dict[str, Any]]) -> None:
        watch.numbers = watch.members.numbers(groups)

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
        watch.turn = 0
        moving = {(watch.numbers[p], key, i) for p, key, i in watch.extra}
        watch.extra = []
        watch.readers = [grouping.SettingsReader(group) for group in groups]
        watch.reads = [reader.read for reader in watch.readers]
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

    def hooks(self) -> tuple[Callable[..., None], Callable[..., None]]:
        """Return the functions for torch's global pre- and post-step hooks."""
        watches = self.watches
        pending = self.journal.pending
        journal = self.journal
        open_steps = self._open_steps
        fail = self._fail

        @unseen
        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            del args, kwargs
            try:
                try:
                    watch = watches[id(optimizer)]
                    steps = open_steps.steps
                except (KeyError, AttributeError):
                    watch = self.meet(optimizer)
                    steps = open_steps.__dict__.setdefault("steps", [])
                groups = optimizer.param_groups
                if groups is not watch.groups or len(groups) != watch.count:
                    self.regroup(watch, optimizer)
                if steps:
                    self._drop_unfinished(steps)
                if watch.simple:
                    turn = watch.turn
                    try:
                        rates = [group["lr"] for group in groups]
                        now = watch.reads[turn](groups[turn])
                    except KeyError:  # a key was deleted from a group
                        self.regroup(watch, optimizer)
                        rates, now = self._read_carefully(watch), watch.settings[turn]
                    if rates != watch.last:
                        rates = self._rates_changed(watch, rates)
                    if now != watch.settings[turn]:
                        rates = self._settings_changed(watch)
                    watch.turn = turn + 1 if turn + 1 < watch.count else 0
                    watch.rates = rates
                else:
                    watch.rates = self._read_carefully(watch)
                probe = watch.probe()
                watch.updates = (
                    probe is not None and probe.grad is not None
                ) or _find_gradient(watch)
                steps.append(watch)
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)

        @unseen
        def after(optimizer: Any, args: Any, kwargs: Any) -> None:
            del args, kwargs
            try:
                steps = open_steps.steps
                watch = steps.pop()
                if watch is None:  # the outer half of a nested step (fact 2)
                    return
                if pending != watch.pattern:
                    watch.signature = journal.open().signature(pending)
                    watch.pattern = pending[:]
                pending.clear()
                if watch.updates and not watch.unusual:
                    journal.write(
                        watch.layout, watch.signature, rows.UPDATED, watch.rates
                    )
                else:
                    self._write_unusual(watch, optimizer)
                watch.explained = False
                if steps:
                    _cover(steps, watch)
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)

        self._before = before
        return before, after

    def _drop_unfinished(self, steps: list[Any]) -> None:
        """Forget steps that began and raised (fact 3); those around us are alive."""
        frame = sys._getframe(2)
        alive = -1  # the step that is about to begin has a frame, too
        while frame is not None:
            code = frame.f_code
            if code.co_name == "wrapper" and code.co_filename.endswith(_WRAPPER):
                alive += 1
            frame = frame.f_back
        for watch in steps[max(alive, 0) :]:
            if watch is not None:
                self.journal.event("step_raised", optimizer=watch.number)
        del steps[max(alive, 0) :]

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
                other.explained and other is not watch and other.members.shares(watch.members)
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

    def _settings_changed(self, watch: Watch) -> list[float]:
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
        return self._read_carefully(watch)

    def _read_carefully(self, watch: Watch) -> list[float]:
        """Return the values of a row where not all of them are plain floats."""
        groups = watch.groups or []
        values = []
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
                watch.unusual = True
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
        row = self.journal.write(watch.layout, watch.signature, flags, watch.rates)
        if waiting or ready is not None:
            self.late.expect(row, waiting, ready)
        watch.last_flags = flags
        watch.unusual = watch.scaled

    def scaler_steps(self, optimizer: Any, step: Callable[[], Any]) -> Any:
        """Run a GradScaler's step and note an update that it left out (fact 4)."""
        watch = self.meet(optimizer)
        rows_before = self.journal.rows
        watch.scaled = watch.unusual = True
        try:
            result = step()
        finally:
            watch.scaled = watch.unusual = False
        if self.journal.rows == rows_before:
            self._note_left_out(watch, optimizer)
        return result

    def _note_left_out(self, watch: Watch, optimizer: Any) -> None:
        try:
            self._before(optimizer, (), {})
            steps = self._open_steps.steps
            if steps and steps[-1] is watch:
                steps.pop()
                self.journal.write(
                    watch.layout,
                    self.journal.take_signature(),
                    rows.SCALED | rows.OVERFLOW,
                    watch.rates,
                )
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

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        for watch in self.watches.values():
            watch.forget_files()
        self._open_steps.__dict__.clear()


_NAN = float("nan")
_WRAPPER = os.path.join("optim", "optimizer.py")
_BETWEEN = frozenset({"before", "wrapper", "_rates_changed", "_read_carefully"})


def _cover(steps: list[Any], watch: Watch) -> None:
    """Mark the steps around this one that update the same parameters (fact 2)."""
    for index, outer in enumerate(steps):
        if outer is not None and outer.members.shares(watch.members):
            steps[index] = None
            outer.explained = False


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
