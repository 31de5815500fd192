"""One scheduler, understood: its values, and how it gets from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.schedules.importers.imported import Quirk

if TYPE_CHECKING:
    from lrscope.schedules.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scheduler by itself, from step 0 of its own clock.

    Attributes:
        schedules: one for each group, factors of ``bases`` or rates.
        bases: the base rate of each group.
        sets: every step forgets the rate before; else it changes that rate.
        moves: for the replay: the kind and the numbers of each group's moves.
        handed: schedules if a sequence hands over to it, where they differ; a text
            says why the step of the hand-over raises.
        horizon, horizon_name, quirks, beside: as in ``Imported``.
    """

    schedules: tuple[Schedule, ...]
    bases: tuple[float, ...]
    sets: bool
    moves: tuple[dict[str, Any], ...]
    handed: tuple[Schedule, ...] | str | None = None
    horizon: int | None = None
    horizon_name: str = ""
    quirks: tuple[Quirk, ...] = ()
    beside: tuple[tuple[str, tuple[Schedule, ...]], ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it is a single scheduler, made of no others."""
        return "parts" not in self.moves[0]


def quirk(name: str, says: str) -> tuple[Quirk, ...]:
    """Return one quirk, to be added to others."""
    return (Quirk(name=name, says=says),)


def plain_form(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as plain data, for a replay."""
    from lrscope.schedules.written.as_json import to_json  # it knows our shapes too

    found: dict[str, Any] = to_json(schedule)["schedule"]
    return found
