"""The plan: which number of which group follows which schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import Any, Callable, Union

from lrscope.errors import UsageError
from lrscope.group_names import Group, names_of
from lrscope.schedules.clock import Clock
from lrscope.schedules.schedule import Schedule

Pick = Union[str, int, EllipsisType, Callable[[Group], bool]]
"""A group's name, its index, a test of the group, or ... for all others."""

Selection = Union[Schedule, Mapping[Pick, Union[Schedule, None]]]
"""A schedule for all groups, or one for each that is picked; None leaves it alone."""


@dataclass(frozen=True)
class Plan:
    """What drives each number, by its key: "lr", "momentum", "betas[0]" and so on."""

    selections: dict[str, Selection]

    @classmethod
    def of(cls, selections: Mapping[str, Any], clock: Clock | None) -> Plan:
        """Return the plan with every length in steps.

        Raises:
            UsageError: If something in it is neither schedule nor mapping.
            ScheduleError: If a unit has no clock.
        """
        found = {
            key: _in_steps(key, each, clock or Clock())
            for key, each in selections.items()
            if each is not None
        }
        if not found:
            msg = (
                "drive needs a schedule, got None; "
                "for a rate that does not move: lrscope.schedules.constant()"
            )
            raise UsageError(msg)
        return cls(found)

    def schedules(self) -> Iterator[Schedule]:
        """Yield every schedule that a number may follow."""
        for selection in self.selections.values():
            if isinstance(selection, Schedule):
                yield selection
            else:
                yield from filter(None, selection.values())

    def check(self, groups: list[Group]) -> None:
        """Refuse picks that pick nothing and groups that nothing picks.

        Raises:
            UsageError: Names the pick or the group.
        """
        names = names_of(groups)
        for key, selection in self.selections.items():
            if isinstance(selection, Schedule):
                continue
            for pick in selection:
                picked = [
                    _picks(pick, index, name, group)
                    for index, (name, group) in enumerate(zip(names, groups))
                ]
                if pick is not ... and not any(picked):
                    msg = (
                        f"{key} needs a group for {pick!r}, there are "
                        f"{', '.join(map(repr, names))}"
                    )
                    raise UsageError(msg)
        for index, (name, group) in enumerate(zip(names, groups)):
            self.of_group(index, name, group)

    def of_group(self, index: int, name: str, group: Group) -> dict[str, Schedule]:
        """Return the schedules of one group by key.

        Raises:
            UsageError: If nothing picks the group, not even to leave it alone.
        """
        found = {}
        for key, selection in self.selections.items():
            if isinstance(selection, Schedule):
                found[key] = selection
                continue
            schedule = selection[_chosen(key, selection, index, name, group)]
            if schedule is not None:
                found[key] = schedule
        return found


def _in_steps(key: str, selection: Any, clock: Clock) -> Selection:
    if isinstance(selection, Schedule):
        return selection.on(clock)
    if isinstance(selection, Mapping):
        found: dict[Pick, Schedule | None] = {}
        for pick, each in selection.items():
            _check_pick(key, pick)
            if each is not None and not isinstance(each, Schedule):
                msg = f"{key} of {pick!r} needs a schedule or None, got {each!r}"
                raise UsageError(msg)
            found[pick] = each and each.on(clock)
        return found
    msg = (
        f"{key} needs a schedule, or a mapping from group to schedule, got "
        f"{selection!r}; for a number that does not move: constant(…).absolute()"
    )
    raise UsageError(msg)


def _check_pick(key: str, pick: Any) -> None:
    whole = isinstance(pick, int) and not isinstance(pick, bool) and pick >= 0
    if not (whole or isinstance(pick, str) or pick is ... or callable(pick)):
        msg = (
            f"{key} is picked by a group's name, its index from 0, a function of "
            f"the group, or ..., got {pick!r}"
        )
        raise UsageError(msg)


def _picks(pick: Pick, index: int, name: str, group: Group) -> bool:
    if pick is ...:
        return False
    if isinstance(pick, str):
        return pick == name
    if isinstance(pick, int):
        return pick == index
    return bool(pick(group))


def _chosen(
    key: str, selection: Mapping[Pick, Any], index: int, name: str, group: Group
) -> Pick:
    picks = [each for each in selection if _picks(each, index, name, group)]
    if len(picks) > 1:
        msg = (
            f"{key} of group {name!r} is picked by {picks[0]!r} and by {picks[1]!r}; "
            "pick it once"
        )
        raise UsageError(msg)
    if not picks and ... not in selection:
        msg = (
            f"{key} of group {name!r} has no schedule; give it one, or "
            "None to leave it alone; ... stands for all other groups, also later ones"
        )
        raise UsageError(msg)
    return picks[0] if picks else ...
