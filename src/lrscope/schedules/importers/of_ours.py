"""What ``lrscope.as_torch`` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrscope.errors import ScheduleError
from lrscope.schedules.importers.description import Refused
from lrscope.schedules.importers.of_torch_cycles import setting
from lrscope.schedules.schedule import Schedule

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.importers.leaf import Leaf


def schedule_lr(found: Description, bases: tuple[float, ...]) -> Leaf:
    """ScheduleLR: the schedules that it follows."""
    followed = tuple(found.get("schedules") or ())
    if not all(isinstance(each, Schedule) for each in followed):
        followed = tuple(map(_recorded, found.get("followed") or ()))
    if len(followed) != len(bases):
        msg = f"ScheduleLR: {len(followed)} schedules for {len(bases)} groups"
        raise Refused(msg)
    ends = [each.settles for each in followed]
    known = [each for each in ends if each is not None]
    horizon = max(known) if len(known) == len(ends) else None
    name = "" if horizon is None else "the end of its schedules"
    return setting(followed, bases, horizon=horizon, horizon_name=name)


def _recorded(text: Any) -> Schedule:
    from lrscope.schedules.written.as_json import from_json

    try:
        return from_json(text, functions=False)
    except ScheduleError as error:
        msg = f"ScheduleLR: {error}"
        raise Refused(msg) from None
