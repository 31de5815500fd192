"""Rates: what the groups of an optimizer hold, where it is not just plain floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.capture import groups as grouping
from lrscope.capture.numbers import NAN, is_late, number_of, number_or_nan, told
from lrscope.capture.plain import number as plain_number
from lrscope.group_names import names_of
from lrscope.sites import here

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from lrscope.capture.journal import Journal
    from lrscope.capture.late import LateValues
    from lrscope.capture.watch import Watch
    from lrscope.capture.writers import Writers


class RateReader:
    """Reads rates and the numbers beside them.

    Args:
        journal: where to write.
        writers: notes who wrote a rate.
        late: takes values that are on a device.
    """

    def __init__(self, journal: Journal, writers: Writers, late: LateValues) -> None:
        """Read nothing yet."""
        self._journal = journal
        self._late = late
        self._writers = writers

    def introduce(
        self, watch: Watch, groups: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Describe the groups that were not described yet."""
        news = []
        for group, number, name in zip(groups, watch.numbers, names_of(groups)):
            if number not in watch.described:
                watch.described[number] = name
                details = grouping.describe(group, number, name)
                details["lr"] = number_or_nan(group.get("lr"))
                news.append(details)
        return news

    def regroup(self, watch: Watch, optimizer: Optimizer) -> None:
        """Look at an optimizer's groups anew and choose what its rows hold."""
        groups = optimizer.param_groups
        before = watch.numbers
        watch.numbers = watch.members.numbers(groups)
        news = self.introduce(watch, groups)
        if news or watch.numbers != before:
            self._journal.event(
                "groups_changed",
                optimizer=watch.number,
                order=watch.numbers,
                groups=news,
                where=here(),
            )
        if watch.applied is not None:
            watch.applied_before.update(zip(before, watch.applied))
            watch.applied = None
        watch.groups = groups
        watch.last = None
        watch.tensors = []
        watch.explained = True
        watch.ask_all()
        self._look_beside(watch, before)

    def _look_beside(self, watch: Watch, before: list[int]) -> None:
        """Give every number that moved a column of its own, old value first."""
        for place, value in watch.settled.look(watch, before, watch.groups or []):
            self._note_number(watch, place, value)
        self.choose_layout(watch)

    def choose_layout(self, watch: Watch) -> None:
        """Choose what the rows of an optimizer hold, and whether they are simple."""
        groups = watch.groups or []
        plain = all(type(group.get("lr")) is float for group in groups)
        watch.simple = plain and bool(groups) and not watch.extra
        columns: list[list[Any]] = [[number, "lr"] for number in watch.numbers]
        for position, key, index in watch.extra:
            label = self._label(watch, position, key, index)
            columns.append([watch.numbers[position], label])
        known = tuple(map(tuple, columns))
        layout = watch.layouts.get(known)
        if layout is None:
            layout = self._journal.open().layout(
                {"holds": "step", "optimizer": watch.number, "columns": columns},
                len(columns),
            )
            watch.layouts[known] = layout
        watch.layout = layout
        watch.pattern = None  # the code of a row changes with the layout
        watch.look_closely()

    def moved_beside(self, watch: Watch, optimizer: Any) -> None:
        """Find out what moved beside the rates, and let the row hold it."""
        groups = optimizer.param_groups
        if watch.has_other(groups):
            self.regroup(watch, optimizer)
        elif watch.moved_as_before():
            watch.look_closely()
        else:
            self._look_beside(watch, watch.numbers)
        watch.rates = self.read_carefully(watch, optimizer)

    def rates_changed(
        self, watch: Watch, optimizer: Any, rates: list[Any]
    ) -> list[float]:
        """Return the rates as numbers and note who changed them, if by hand."""
        if any(type(rate) is not float for rate in rates):
            watch.simple = False
            return self.read_carefully(watch, optimizer)
        self._writers.attribute(watch, rates)
        return rates

    @staticmethod
    def _differs_beside(watch: Watch, optimizer: Any) -> bool:
        groups = optimizer.param_groups
        watch.turn = (watch.turn + 1) % watch.turns
        return watch.has_other(groups) or any(
            len(group) != size or read(group) != was
            for position, group, size, read, was in watch.beside[watch.turn]
        )

    def _note_number(
        self, watch: Watch, moved: tuple[int, str, int], value: float | None
    ) -> None:
        """Write what a number was before it got a column."""
        position, key, index = moved
        self._journal.event(
            "number_noted",
            optimizer=watch.number,
            group=watch.numbers[position],
            name=self._label(watch, position, key, index),
            value=None if value is None else plain_number(value),
        )

    @staticmethod
    def _label(watch: Watch, position: int, key: str, index: int) -> str:
        value = (watch.groups or [])[position].get(key)
        return watch.settled.label(key, index, value)

    def read_carefully(
        self, watch: Watch, optimizer: Any, *, look: bool = False
    ) -> list[float]:
        """Return the values of a row where not all of them are plain floats."""
        if look and self._differs_beside(watch, optimizer):
            self.moved_beside(watch, optimizer)
            return watch.rates
        groups = watch.groups or []
        values: list[float] = []
        watch.tensors = []
        for group in groups:
            values.append(self._read(watch, group.get("lr"), len(values)))
        rates = values[:]
        if watch.last is None or any(
            new != old and new == new for new, old in zip(rates, watch.last)
        ):
            self._writers.attribute(watch, rates)
        for position, key, index in watch.extra:
            value = groups[position].get(key)
            if isinstance(value, (tuple, list)):
                value = value[index] if index < len(value) else None
            values.append(self._read(watch, value, len(values)))
        watch.waiting = []
        if watch.tensors:
            watch.usual = False
            if self._late.may_ask():
                self._start(watch)
        return values

    def _start(self, watch: Watch) -> None:
        """Have the values that are on a device come."""
        watch.waiting = self._late.start(watch.tensors)
        coming = {column for columns, _ in watch.waiting for column in columns}
        for column, tensor in watch.tensors:
            if column not in coming:
                self._note_odd(watch, tensor, column)

    def read_all(self, watch: Watch, optimizer: Any) -> list[float]:
        """Return the values of a row, whatever moved beside the rates."""
        for _ in range(watch.turns):
            if self._differs_beside(watch, optimizer):
                self.moved_beside(watch, optimizer)
                return watch.rates
        return self.read_carefully(watch, optimizer)

    def _read(self, watch: Watch, value: Any, column: int) -> float:
        if type(value) is float:
            return value
        if is_late(value):
            watch.tensors.append((column, value))
            return NAN
        number = number_of(value)
        if number is None:
            self._note_odd(watch, value, column)
            return NAN
        return number

    def _note_odd(self, watch: Watch, value: Any, column: int) -> None:
        """Note that a value cannot be read, once."""
        if column not in watch.odd:
            watch.odd.add(column)
            self._journal.event(
                "rate_is_no_number",
                optimizer=watch.number,
                column=column,
                value=told(value),
                type=type(value).__name__,
            )
