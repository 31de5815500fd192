"""Plan: what the rates of a run were meant to be, as somebody says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.errors import UsageError
from lrscope.schedules import Schedule, from_json, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrscope.audit.facts.group import Group

_TRACK = re.compile(r"([\w.#:-]+(?:/[\w.#:-]+)?)\s*=(?!=)\s*(.+)", re.DOTALL)
"""A name of a group before the schedule that it was meant to follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Schedules for the groups of a run, counted in updates of their optimizer.

    A factor multiplies the rate that the group was constructed with, or the
    ``initial_lr`` that a loaded state brought; ``schedule.absolute(rate)`` says
    rates.

    Attributes:
        chosen: a name and the schedule for it, the first that fits counts. A name is
            "optimizer/group", one of both, or None for all groups.
    """

    chosen: tuple[tuple[str | None, Schedule], ...]

    @classmethod
    def of(cls, *said: Plan | Schedule | str) -> Plan:
        """Return the plan that some schedules or texts say.

        Args:
            said: schedules, or texts such as "warmup(5) >> cosine(95)" or
                "adamw/head=constant()", or their JSON form.

        Raises:
            ScheduleError: a text is no schedule.
            UsageError: there is nothing, or no schedule.

        Example:
            >>> Plan.of("head=constant()", "cosine(100)").chosen
            (('head', constant()), (None, cosine(100)))
        """
        chosen: list[tuple[str | None, Schedule]] = []
        for each in said:
            chosen += each.chosen if isinstance(each, Plan) else [_read(each)]
        if not chosen:
            msg = "a plan needs at least one schedule, got none"
            raise UsageError(msg)
        return cls(chosen=tuple(chosen))

    def of_group(self, group: Group) -> Schedule | None:
        """Return what a group was meant to follow; None if nothing was said of it."""
        optimizer, name = group.optimizer_name, group.group_name
        known = {None, optimizer, name, f"{optimizer}/{name}"}
        return next((each for which, each in self.chosen if which in known), None)

    def check(self, groups: Iterable[Group]) -> None:
        """Refuse names that no group has.

        Raises:
            UsageError: names the groups that there are.
        """
        names = {f"{each.optimizer_name}/{each.group_name}" for each in groups}
        known = names | {part for each in names for part in each.split("/", 1)}
        for which, _ in self.chosen:
            if which is not None and which not in known:
                msg = f"the plan names {which!r}, which is none of {sorted(names)}"
                raise UsageError(msg)


def _read(said: Schedule | str) -> tuple[str | None, Schedule]:
    if isinstance(said, Schedule):
        return None, said
    if not isinstance(said, str):
        msg = f"a plan needs a schedule or its text, got {said!r}"  # type: ignore[unreachable]
        raise UsageError(msg)
    if said.lstrip().startswith("{"):
        return None, from_json(said)
    found = _TRACK.fullmatch(said.strip())
    return (found[1], parse(found[2])) if found else (None, parse(said))
