"""Seats: the groups of an optimizer and what is driven in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.driver.dial import Dial
from lrscope.driver.groups import Group, names_of, same_group
from lrscope.driver.lane import Lane, lanes_of
from lrscope.driver.notices import notice
from lrscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.driver.plan import Plan
    from lrscope.driver.saved import SavedGroup


class Seat:
    """One group: its name and its dials. The dict behind it may be replaced.

    Attributes:
        met: The driver's step when the group was first seen.
    """

    __slots__ = ("dials", "group", "met", "name")

    def __init__(
        self, name: str, group: Group, dials: dict[str, Dial], met: int
    ) -> None:
        self.name, self.group, self.dials, self.met = name, group, dials, met

    def hold(self, group: Group, position: int, name: str) -> None:
        """Be the seat of this dict from now on."""
        self.name = name
        for each in self.dials.values():
            each.position = position
            if each.group is not group:
                each.hold(group)
        self.group = group


class Seats:
    """Every group of an optimizer, as it was when last looked at.

    Args:
        plan: Says what each group follows.
        added: "join" or "restart", for groups that come later.

    Attributes:
        groups: The list that was looked at; None before.
        waiting: What a checkpoint says of groups that are not there yet.
    """

    def __init__(self, plan: Plan, added: str) -> None:
        self.plan, self.added = plan, added
        self.groups: list[Group] | None = None
        self.count = 0
        self.all: list[Seat] = []
        self.lanes: list[Lane] = []
        self.waiting: list[SavedGroup] = []

    def dials(self) -> Iterator[Dial]:
        """Yield every dial."""
        return (each for seat in self.all for each in seat.dials.values())

    def fill(self, groups: list[Group], step: int) -> list[Seat]:
        """Look at the groups; return the seats of those that were added.

        Args:
            groups: ``optimizer.param_groups``.
            step: The driver's step.

        Raises:
            UsageError: At the first time, if the plan does not fit the groups.
        """
        if groups is self.groups and self._unchanged(groups):
            return []
        first = self.groups is None
        if first:
            self.plan.check(groups)
        before: list[Seat | None] = [*self.all]
        self.all, added = [], []
        for index, (name, group) in enumerate(zip(names_of(groups), groups)):
            seat = _taken_from(before, index, group)
            if seat is None:
                seat = self._new(index, name, group, 0 if first else step)
                added += [] if first or self._claim(seat, index) else [seat]
            seat.hold(group, index, name)
            self.all.append(seat)
        self.groups, self.count = groups, len(groups)
        self.refresh()
        return added

    def _unchanged(self, groups: list[Group]) -> bool:
        return len(groups) == len(self.all) and all(
            seat.group is group for seat, group in zip(self.all, groups)
        )

    def refresh(self) -> None:
        """Part tensors that groups share and put dials in lanes anew."""
        dials = list(self.dials())
        met: set[int] = set()
        for each in dials:
            if id(each.held()) in met:
                each.take_own()
            met.add(id(each.held()))
        self.lanes = lanes_of(dials)

    def _new(self, index: int, name: str, group: Group, step: int) -> Seat:
        since = step if self.added == "restart" else 0
        wanted = self.plan.of_group(index, name, group)
        dials = [Dial(group, key, each, name, since) for key, each in wanted.items()]
        labels = {each.label: each for each in dials}
        if len(labels) < len(dials):
            msg = f"a number of group {name!r} is driven twice: {', '.join(wanted)}"
            raise UsageError(msg)
        return Seat(name, group, labels, step)

    def _claim(self, seat: Seat, index: int) -> bool:
        """Give a group that was added what a checkpoint says of it."""
        for saved in self.waiting:
            if saved.name == seat.name or saved.position == index:
                saved.check(seat)
                self.waiting.remove(saved)
                saved.restore(seat)
                return True
        return False

    def say_unclear(self) -> None:
        """Say what the first step has to guess."""
        for seat in self.all:
            for each in seat.dials.values():
                if each.unclear is not None:
                    notice(
                        "base-rate",
                        f"group {seat.name!r} has lr {each.unclear:.6g} and initial_lr "
                        f"{each.base:.6g}, which the schedule multiplies; if it should "
                        'multiply lr: del group["initial_lr"] before drive()',
                    )
        for saved in self.waiting:
            notice(
                "group-missing",
                f"the checkpoint knows a group {saved.name!r} that the optimizer lacks",
            )


def _taken_from(seats: list[Seat | None], index: int, group: Group) -> Seat | None:
    """Return the seat that a group had, and take it out."""
    near = seats[index : index + 1]
    for seat in [*near, *seats]:
        if seat is not None and same_group(seat.group, group):
            seats[seats.index(seat)] = None
            return seat
    return None
