"""The checkpoint: a driver as plain data, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.driver.notices import notice
from lrscope.driver.ownership import shown
from lrscope.driver.saved import (
    CHOICES,
    SavedGroup,
    SavedNumber,
    by_name,
    by_position,
    refusal,
)
from lrscope.errors import ScheduleError, UsageError
from lrscope.group_names import own_name
from lrscope.schedules.arguments import finite, whole
from lrscope.schedules.control.catalogue import from_plain
from lrscope.schedules.control.control import State
from lrscope.schedules.written.as_json import from_json, to_json

if TYPE_CHECKING:
    from lrscope.driver.driven_groups import DrivenGroup, DrivenGroups
    from lrscope.driver.plan import Plan
    from lrscope.driver.stateful_control import StatefulControl
    from lrscope.schedules.schedule import Schedule

FORMAT = 1
"""1 (2026): step, written, schedules (declared, followed), groups, control."""


def to_plain(
    step: int,
    written: tuple[int, float] | None,
    driven: DrivenGroups,
    control: StatefulControl,
) -> dict[str, Any]:
    """Return everything that is needed to go on, as plain data."""
    schedules: dict[tuple[Schedule, Schedule], int] = {}
    groups = []
    for group in driven.all:
        numbers = {}
        for key, each in group.numbers.items():
            pair = (each.declared, each.schedule)
            index = schedules.setdefault(pair, len(schedules))
            numbers[key] = {"base": each.base, "schedule": index, "since": each.since}
        groups.append({"name": group.name, "numbers": numbers})
    return {
        "format": FORMAT,
        "step": step,
        "written": None if written is None else list(written),
        "schedules": [
            {"declared": to_json(declared), "followed": to_json(followed)}
            for declared, followed in schedules
        ],
        "groups": groups,
        "control": {
            "declared": control.declared and control.declared.to_plain(),
            "followed": control.control and control.control.to_plain(),
            "state": control.state.to_plain(),
        },
    }


def say_unsaved(plan: Plan) -> None:
    """Say now which schedules `to_plain` will refuse, before anything is trained."""
    for schedule in dict.fromkeys(plan.schedules()):
        try:
            to_json(schedule)
        except ScheduleError as error:
            notice(
                "no-checkpoint",
                f"state_dict() will fail: {error} that the script imports, not in the "
                "script itself",
            )


def checked(how: str | None) -> str | None:
    """Return a choice for another plan.

    Raises:
        UsageError: If there is no such choice.
    """
    if how is not None and how not in CHOICES:
        words = ", ".join(map(repr, CHOICES))
        msg = f"on_change needs to be None or one of {words}, got {how!r}"
        raise UsageError(msg)
    return how


def check_format(data: Any) -> None:
    """Refuse what no driver wrote.

    Raises:
        UsageError: Names what it is instead.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        msg = (
            f"the state of drive(…) or as_torch(…) in format {FORMAT} is needed, "
            f"got {_named(data)}"
        )
        raise UsageError(msg)


def _named(data: Any) -> str:
    if not isinstance(data, dict):
        return shown(data)
    if "format" in data:
        return shown(data["format"])
    keys = ", ".join(map(shown, list(data)[:6])) + ", …" * (len(data) > 6)
    if {"state", "param_groups"} <= data.keys():
        return f"that of an optimizer (keys {keys})"
    return f"a dict with the keys {keys}" if keys else "an empty dict"


def load(
    data: Any, driven: DrivenGroups, control: StatefulControl, how: str | None
) -> tuple[int, tuple[int, float] | None]:
    """Let groups and control go on from a checkpoint.

    Returns:
        Its step; step and factor of what was last written.

    Nothing is changed if it is refused.

    Raises:
        UsageError: If it is damaged, of another format or follows another plan.
    """
    check_format(data)
    try:
        state = State.from_plain(data["control"]["state"])
        old = [each and from_plain(each) for each in _controls(data)]
        step = whole("a driver's state needs step", data["step"])
        written = data["written"] and _written(*data["written"])
        saved = _groups(data, step, written, how)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        msg = f"a driver's state is damaged: {type(error).__name__}: {error}"
        raise UsageError(msg) from error
    pairs, waiting = _matched(saved, driven)
    changes = [each for one, group in pairs for each in one.changes(group)]
    if old[0] != control.declared:
        changes.append(f"control: was {old[0]!r}, now {control.declared!r}")
    if changes and how is None:
        raise UsageError(refusal(changes, step))
    for one, group in pairs:
        one.check(group)
    for one, group in pairs:
        one.restore(group)
    if old[0] == control.declared or how == "keep old":
        control.control = old[1]
    else:
        control.control = control.declared
    control.state = state if control.control is not None else State()
    driven.waiting = waiting
    driven.refresh()
    return step, written


def _controls(data: dict[str, Any]) -> tuple[Any, Any]:
    return data["control"]["declared"], data["control"]["followed"]


def _written(step: Any, factor: Any) -> tuple[int, float]:
    who = "a driver's state needs written"
    return whole(who, step), finite(who, factor)


def _groups(
    data: dict[str, Any],
    step: int,
    written: tuple[int, float] | None,
    how: str | None,
) -> list[SavedGroup]:
    schedules = [
        (from_json(each["declared"]), from_json(each["followed"]))
        for each in data["schedules"]
    ]
    found = []
    for position, group in enumerate(data["groups"]):
        numbers = {}
        for key, each in group["numbers"].items():
            declared, followed = schedules[each["schedule"]]
            base = finite("a driver's state needs base", each["base"])
            since = whole("a driver's state needs since", each["since"])
            numbers[key] = SavedNumber(base, followed, declared, since)
        name = str(group["name"])
        found.append(SavedGroup(name, position, numbers, step, written, how))
    return found


def _matched(
    saved: list[SavedGroup], driven: DrivenGroups
) -> tuple[list[tuple[SavedGroup, DrivenGroup]], list[SavedGroup]]:
    """Return which saved group is which; then those that are not there yet.

    By name where the group carries one that the checkpoint knows, else by position.
    """
    left, pairs = [*saved], {}
    for position, group in enumerate(driven.all):
        if own_name(group.group) == group.name and (one := by_name(left, group.name)):
            left.remove(one)
            pairs[position] = one
    for position in range(len(driven.all)):
        if position not in pairs and (one := by_position(left, position)):
            left.remove(one)
            pairs[position] = one
    found = [(each, driven.all[position]) for position, each in sorted(pairs.items())]
    return found, left
