"""Rates: what the groups of an optimizer hold, where it is not just plain floats."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from lrscope.capture import groups as grouping
from lrscope.capture.handwritten import writers_of_rate
from lrscope.capture.watch import EVERY, Watch

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal
    from lrscope.capture.late import LateValues

_NAN = float("nan")
_BETWEEN = frozenset(
    {"before", "wrapper", "rates_changed", "read_carefully", "_begin_carefully"}
)
"""Functions between a change that was noticed and the program's call of ``step``."""


class RateReader:
    """Reads rates and the numbers beside them, and notes who wrote them by hand.

    Args:
        journal: where to write.
        watches: of all optimizers, by identity.
        late: takes values that are on a device.
    """

    def __init__(
        self, journal: Journal, watches: dict[int, Watch], late: LateValues
    ) -> None:
        """Read nothing yet."""
        self._journal = journal
        self._watches = watches
        self._late = late

    def choose_layout(self, watch: Watch) -> None:
        """Choose what the rows of an optimizer hold, and whether they are simple."""
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
            layout = self._journal.open().layout(
                {"holds": "step", "optimizer": watch.number, "columns": columns},
                len(columns),
            )
            watch.layouts[key] = layout
        watch.layout = layout
        watch.pattern = None  # the code of a row changes with the layout

    def look_beside(self, watch: Watch) -> bool:
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

    def rates_changed(self, watch: Watch, rates: list[Any]) -> list[float]:
        """Return the rates as numbers and note who changed them, if by hand."""
        if any(type(rate) is not float for rate in rates):
            watch.simple = False
            return self.read_carefully(watch)
        self._attribute(watch, rates)
        return rates

    def _attribute(self, watch: Watch, rates: list[float]) -> None:
        """Note a change of rates that no scheduler and no load explains."""
        if not watch.explained and watch.last is not None:
            others = self._watches.values()
            if not any(
                other.explained
                and other is not watch
                and other.members.shares(watch.members)
                for other in list(others)
            ):
                self._journal.pending.append(self._hand(watch))
        watch.last = rates

    def _hand(self, watch: Watch) -> int:
        """Return the item for a rate that the program around this step wrote."""
        frame: Any = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_name in _BETWEEN:
            frame = frame.f_back
        key = (id(frame.f_code), frame.f_lasti)
        known = watch.hands.get(key)
        if known is None:
            item = self._journal.item(
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
        self.choose_layout(watch)

    def read_carefully(self, watch: Watch) -> list[float]:
        """Return the values of a row where not all of them are plain floats."""
        watch.countdown -= 1
        if watch.countdown < 1:
            self.look_beside(watch)
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
            ready = self._late.start(value)
            if ready is not None:
                watch.waiting.append((column, ready))
                watch.usual = False
            return _NAN
        number = number_or_nan(value)
        if number != number and column not in watch.odd:
            watch.odd.add(column)
            self._journal.event(
                "rate_is_no_number",
                optimizer=watch.number,
                column=column,
                value=repr(value)[:100],
                type=type(value).__name__,
            )
        return number


def number_or_nan(value: Any) -> float:
    """Return a number as float64, NaN for what is none or is on a device."""
    try:
        if grouping.is_tensor(value):
            return float(value.item()) if grouping.is_on_host(value) else _NAN
        return float(value) if not isinstance(value, str) else _NAN
    except (TypeError, ValueError, OverflowError):
        return _NAN
