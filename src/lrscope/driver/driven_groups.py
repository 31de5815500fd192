"""The driven groups: what is driven in each group of an optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrscope.driver.driven_number import DrivenNumber
from lrscope.driver.notices import notice
from lrscope.driver.planned_values import PlannedValues, planned_for
from lrscope.driver.saved import by_name, by_position
from lrscope.errors import UsageError
from lrscope.group_names import Group, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrscope.driver.plan import Plan
    from lrscope.driver.saved import SavedGroup


class DrivenGroup:
    """One group: its name and what is driven. The dict behind it may be replaced.

    Attributes:
        position: Of the dict among the groups.
        numbers: What is driven, by label: "lr", "betas[0]".
        met: The driver's step when the group was first seen.
    """

    __slots__ = ("group", "met", "name", "numbers", "position")

    def __init__(
        self,
        group: Group,
        position: int,
        name: str,
        numbers: list[DrivenNumber],
        met: int,
    ) -> None:
        self.numbers = {each.label: each for each in numbers}
        self.met = met
        self.hold(group, position, name)

    def hold(self, group: Group, position: int, name: str) -> None:
        """Drive this dict from now on."""
        self.name, self.position = name, position
        for each in self.numbers.values():
            each.position = position
            if each.group is not group:
                each.hold(group)
        self.group = group


class DrivenGroups:
    """Every group of an optimizer, as it was when last looked at.

    Args:
        plan: Says what each group follows.
        added: "join" or "restart", for groups that come later.

    Attributes:
        groups: The list that was looked at; None before.
        planned: What comes next, by schedule.
        waiting: What a checkpoint says of groups that are not there yet.
    """

    def __init__(self, plan: Plan, added: str) -> None:
        self.plan, self.added = plan, added
        self.groups: list[Group] | None = None
        self.count = 0
        self.all: list[DrivenGroup] = []
        self.planned: list[PlannedValues] = []
        self.waiting: list[SavedGroup] = []

    def numbers(self) -> Iterator[DrivenNumber]:
        """Yield everything that is driven."""
        return (each for driven in self.all for each in driven.numbers.values())

    def look(self, groups: list[Group], step: int, factor: float) -> None:
        """Look at the groups; say which ones were added.

        Args:
            groups: ``optimizer.param_groups``.
            step: The driver's step.
            factor: What learning rates are multiplied by now.

        Raises:
            UsageError: If the plan does not say what a group follows.
        """
        if groups is self.groups and self._unchanged(groups):
            return
        first = self.groups is None
        if first:
            self.plan.check(groups)
        left: list[DrivenGroup | None] = [*self.all]
        found, added = [], []
        for index, (name, group) in enumerate(zip(names_of(groups), groups)):
            driven = _taken_from(left, index, group)
            if driven is None:
                driven = self._new(index, name, group, 0 if first else step)
                added += [] if first or self._claim(driven, index) else [driven]
            found.append((driven, group, index, name))
        for driven, group, index, name in found:
            driven.hold(group, index, name)
        self.all = [driven for driven, *_ in found]
        self.groups, self.count = groups, len(groups)
        self.refresh()
        for driven in added:
            _say_added(driven, step, factor)

    def _unchanged(self, groups: list[Group]) -> bool:
        return len(groups) == len(self.all) and all(
            driven.group is group for driven, group in zip(self.all, groups)
        )

    def refresh(self) -> None:
        """Part tensors that groups share and plan what comes next anew."""
        numbers = list(self.numbers())
        met: set[int] = set()
        for each in numbers:
            if id(each.held()) in met:
                each.take_own()
            met.add(id(each.held()))
        self.planned = planned_for(numbers)

    def _new(self, index: int, name: str, group: Group, step: int) -> DrivenGroup:
        since = step if self.added == "restart" else 0
        wanted = self.plan.of_group(index, name, group)
        numbers = [
            DrivenNumber(group, key, each, name, since) for key, each in wanted.items()
        ]
        if len({each.label for each in numbers}) < len(numbers):
            msg = f"a number of group {name!r} is driven twice: {', '.join(wanted)}"
            raise UsageError(msg)
        return DrivenGroup(group, index, name, numbers, step)

    def _claim(self, driven: DrivenGroup, index: int) -> bool:
        """Give a group that was added what a checkpoint says of it."""
        waiting = self.waiting
        saved = by_name(waiting, driven.name) or by_position(waiting, index)
        if saved is None:
            return False
        saved.check(driven)
        waiting.remove(saved)
        saved.restore(driven)
        return True

    def write_bases(self, groups: list[Group]) -> None:
        """Give every group back what it had before it was driven."""
        left: list[DrivenGroup | None] = [*self.all]
        for index, group in enumerate(groups):
            driven = _taken_from(left, index, group)
            if driven is not None:
                driven.hold(group, index, driven.name)
        for each in self.numbers():
            each.write_base()

    def say_unclear(self) -> None:
        """Say what the first step has to guess."""
        for driven in self.all:
            for each in driven.numbers.values():
                if each.unclear is not None:
                    notice(
                        "base-rate",
                        f"group {driven.name!r} has lr {each.unclear:.6g} and "
                        f"initial_lr {each.base:.6g}, which the schedule multiplies; "
                        "if it should multiply lr: "
                        'del group["initial_lr"] before drive()',
                    )
        for saved in self.waiting:
            notice(
                "group-missing",
                f"the checkpoint knows a group {saved.name!r} that the optimizer lacks",
            )


def _say_added(driven: DrivenGroup, step: int, factor: float) -> None:
    rates = ", ".join(
        f"{each.label} {each.planned(step, factor):.6g}"
        for each in driven.numbers.values()
    )
    notice(
        "group-added",
        f"group {driven.name!r} was added at step {step} and "
        f"{'begins with ' + rates if rates else 'is not driven'}",
    )


def _taken_from(
    left: list[DrivenGroup | None], index: int, group: Group
) -> DrivenGroup | None:
    """Return what is known of a group, and take it out."""
    near = left[index : index + 1]
    for each in [*near, *left]:
        if each is not None and _same(each.group, group):
            left[left.index(each)] = None
            return each
    return None


def _same(one: Group, other: Group) -> bool:
    """Tell whether two dicts are one group.

    ``Optimizer.load_state_dict`` makes new dicts with the old lists of parameters;
    programs make new lists with the old parameters.
    """
    if one is other or one["params"] is other["params"]:
        return True
    known = {id(each) for each in one["params"]}
    return any(id(each) in known for each in other["params"])
