"""The driven number: one number of one group that follows a schedule."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from lrscope.driver.limits import Limits
from lrscope.errors import ScheduleError, UsageError
from lrscope.schedules.written.as_json import to_json
from lrscope.sites import unseen

if TYPE_CHECKING:
    from lrscope.group_names import Group
    from lrscope.schedules.schedule import Schedule

_PART = re.compile(r"(?P<key>.+?)(?:\[(?P<index>\d+)\]|(?P<digits>\d+))")


class DrivenNumber:
    """One number of one group, and what it follows.

    It changes when its group is loaded, and by every value that is written.

    Args:
        group: The group that holds it.
        key: Its key, or key and index: "betas[0]" or "betas0".
        schedule: What it follows.
        name: Of the group, for messages.
        since: The driver's step at which the schedule began.

    Attributes:
        base: The value that factors multiply.
        schedule: What it follows.
        declared: What the program said it should follow.
    """

    __slots__ = (
        "base",
        "declared",
        "group",
        "index",
        "key",
        "position",
        "scale",
        "schedule",
        "since",
        "unclear",
        "version",
        "written",
    )

    def __init__(
        self, group: Group, key: str, schedule: Schedule, name: str, since: int = 0
    ) -> None:
        self.key, self.index = _place(group, key, name)
        self.position = 0
        self.since = since
        self.declared = schedule
        self.hold(group)
        what = f"{self.label} of group {name!r}"
        now = _number(self.held(), what)
        self.unclear: float | None = None
        self.follow(schedule, now)
        if self.key == "lr" and group.get("initial_lr") is not None:
            initial = _number(group["initial_lr"], f"initial_lr of group {name!r}")
            self.follow(schedule, initial)
            self.unclear = now if now != initial and not schedule.is_rate else None
        if not self.base and self.key != "lr" and not schedule.is_rate:
            msg = (
                f"{what} is 0 and a factor of 0 stays 0; "
                "give values instead of factors: schedule.absolute(…)"
            )
            raise UsageError(msg)
        Limits.of(self.key).check(what, schedule, self.scale)

    @property
    def label(self) -> str:
        """Its name: "lr", "betas[0]"."""
        return self.key if self.index is None else f"{self.key}[{self.index}]"

    def hold(self, group: Group) -> None:
        """Write into this group from now on."""
        self.group = group
        self.written = found = self.held()
        self.version = found._version if isinstance(found, Tensor) else 0

    def held(self) -> Any:
        """Return what the group holds now, a number or a tensor of one."""
        found = self.group[self.key]
        return found if self.index is None else found[self.index]

    def follow(self, schedule: Schedule, base: float) -> None:
        """Follow a schedule from a base value."""
        self.schedule = schedule
        self.base = base
        self.scale = 1.0 if schedule.is_rate else base

    def planned(self, steps: Any, factor: float) -> Any:
        """Return what the plan says for a step of the driver, or for many."""
        values = self.schedule(np.maximum(np.asarray(steps) - self.since, 0))
        found = (values * factor if self.key == "lr" else values) * self.scale
        return found if np.ndim(steps) else float(found)

    @unseen
    def write(self, value: float) -> Any:
        """Write a value; return what somebody else wrote since we did, or None."""
        group, key, index = self.group, self.key, self.index
        found = group[key] if index is None else group[key][index]
        if isinstance(found, Tensor):
            same = found is self.written and found._version == self.version
            foreign = None if same else found.clone()
            found.fill_(value)  # in place: compiled steps hold on to the tensor
            self.written, self.version = found, found._version
            return foreign
        foreign = None if found is self.written or found == self.written else found
        self.written = value
        if index is None:
            group[key] = value
        else:
            parts = group[key]
            make = list if isinstance(parts, list) else tuple
            group[key] = make((*parts[:index], value, *parts[index + 1 :]))
        return foreign

    def describe(self) -> dict[str, Any]:
        """Return its base and its schedule, as text and JSON, as plain data."""
        try:
            found = to_json(self.schedule)
        except ScheduleError:
            found = None
        return {"base": self.base, "text": repr(self.schedule), "schedule": found}

    def write_base(self) -> None:
        """Give the group back what it had before it was driven."""
        self.write(self.base)

    def take_own(self) -> None:
        """Take a tensor of its own where groups share one, as optimizers let them."""
        found = self.held()
        if isinstance(found, Tensor):
            self._put(found.clone())
            self.hold(self.group)

    def _put(self, value: Any) -> None:
        parts, at = self.group[self.key], self.index
        if at is not None:
            make = list if isinstance(parts, list) else tuple
            value = make((*parts[:at], value, *parts[at + 1 :]))
        self.group[self.key] = value


def label_of(key: str) -> str:
    """Return the label that a number of this key may have: "betas[0]" for "betas0"."""
    found = _PART.fullmatch(key)
    return f"{found['key']}[{int(found['index'] or found['digits'])}]" if found else key


def _place(group: Group, key: str, name: str) -> tuple[str, int | None]:
    if key in group and key != "params":
        return key, None
    found = _PART.fullmatch(key)
    if found and isinstance(group.get(found["key"]), (tuple, list)):
        index = int(found["index"] or found["digits"] or 0)
        if index < len(group[found["key"]]):
            return found["key"], index
    there = (each for each in group if each not in ("params", "param_names", "name"))
    msg = f"group {name!r} has no {key!r}; it has {', '.join(sorted(there))}"
    raise UsageError(msg)


def _number(value: Any, what: str) -> float:
    if isinstance(value, Tensor) and value.requires_grad:
        msg = f"{what} requires a gradient: it cannot be learned and driven at once"
        raise UsageError(msg)
    if not isinstance(value, (str, bytes, bool)):
        try:
            found = float(value)
        except (TypeError, ValueError, RuntimeError):
            pass
        else:
            if math.isfinite(found):
                return found
    msg = f"{what} needs to be one finite number, got {value!r}"
    raise UsageError(msg)
