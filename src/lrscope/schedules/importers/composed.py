"""What SequentialLR and ChainedScheduler have in common."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.schedules.importers.description import Refused
from lrscope.schedules.importers.leaf import Leaf
from lrscope.schedules.importers.quirks.replay import Replay
from lrscope.schedules.importers.quirks.replayed import replayed

if TYPE_CHECKING:
    from lrscope.schedules.importers.description import Description
    from lrscope.schedules.importers.imported import Quirk
    from lrscope.schedules.schedule import Schedule

Bases = tuple[float, ...]


def parts_of(found: Description, bases: Bases) -> list[Leaf]:
    """Return the schedulers that one is made of, understood.

    Raises:
        Refused: If one of them cannot be, or if they get in each other's way.
    """
    from lrscope.schedules.importers.table import leaf_of

    if not found.children:
        msg = f"{found.class_name}: the schedulers it is made of are not described"
        raise Refused(msg)
    for each in found.children:
        if each.began:
            msg = f"{each.class_name} in a {found.class_name} was given a last_epoch"
            raise Refused(msg)
    cycles = [e for e in family(found) if e.class_name == "OneCycleLR"]
    if len(cycles) > 1:
        msg = f"{found.class_name}: several OneCycleLR share the group's max_lr"
        raise Refused(msg)
    return [leaf_of(each, each.bases or bases) for each in found.children]


def family(found: Description) -> list[Description]:
    """Return a scheduler and all that it is made of."""
    return [found, *(e for child in found.children for e in family(child))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A scheduler that is made of others, all but its schedules.

    Attributes:
        bases: the base rate of each group.
        begins: the rates that it is constructed on.
        moves: of each group, for the replay.
        quirks: its own and those of its parts that show.
        horizon: with its name; None without one.
    """

    bases: Bases
    begins: Bases
    moves: tuple[dict[str, Any], ...]
    quirks: tuple[Quirk, ...]
    horizon: tuple[int, str] | None

    def following(self, schedules: tuple[Schedule, ...], *, sets: bool = False) -> Leaf:
        """Return it with a closed form."""
        steps, name = self.horizon or (None, "")
        return Leaf(
            schedules=schedules,
            bases=self.bases,
            sets=sets,
            moves=self.moves,
            handed="torch asks a composed scheduler for get_lr, which it does not have",
            horizon=steps,
            horizon_name=name,
            quirks=self.quirks,
        )

    def replayed(self) -> Leaf:
        """Return it done over again, where there is no closed form."""
        schedules = tuple(
            replayed(json.dumps(each), Replay.of(each).construct(begin))
            for each, begin in zip(self.moves, self.begins)
        )
        return self.following(schedules)
