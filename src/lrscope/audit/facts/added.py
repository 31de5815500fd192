"""Added: groups that came while a scheduler was bound to their optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.audit.facts.site import distinct
from lrscope.audit.facts.subject import AboutScheduler

if TYPE_CHECKING:
    from lrscope.audit.facts.group import Group
    from lrscope.audit.facts.site import Sites
    from lrscope.recording.events import GroupAdded, GroupsChanged

RAISES = frozenset({"LambdaLR", "MultiplicativeLR", "CyclicLR", "OneCycleLR"})
"""Classes of torch that raise at their next step."""

WHAT_IT_SAYS = ("zip()", "max_lr", "initial_lr", "index out of range", "param_groups")
"""What is in the message of such an error."""


@dataclass(frozen=True)
class Added(AboutScheduler):
    """Groups that were added while a scheduler was bound to their optimizer.

    Attributes:
        scheduler: the scheduler.
        event: the adding.
    """

    event: GroupAdded | GroupsChanged

    @property
    def group_name(self) -> str | None:
        """The first group that was added."""
        return self.groups[0].group_name if self.groups else self.event.groups[0].name

    @property
    def where(self) -> Sites:
        """The line that added it, then those that step the scheduler."""
        return distinct(self.event.where, *self.scheduler.where)

    @property
    def groups(self) -> list[Group]:
        """The new groups, those that were updated."""
        numbers = {each.number for each in self.event.groups}
        return [each for each in self.scheduler.groups if each.index in numbers]

    @property
    def steps_after(self) -> int:
        """Steps of the scheduler after the groups were added."""
        tally = self.training.tally
        return tally.since(self.event.row + 1, self.scheduler.items)

    @property
    def crash(self) -> str | None:
        """The error of the program, if it may come from this."""
        ending = self.training.ending
        if ending.error not in {"ValueError", "KeyError", "IndexError"}:
            return None
        told = any(each in ending.message for each in WHAT_IT_SAYS)
        may_raise = self.scheduler.made_of(*RAISES)
        return f"{ending.error}: {ending.message}" if told and may_raise else None
