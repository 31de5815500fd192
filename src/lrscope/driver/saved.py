"""Saved: what a checkpoint says of one group, and how it compares with the program."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.driver.dial import Dial
from lrscope.errors import ScheduleError, UsageError
from lrscope.schedules.shapes.constant import constant

if TYPE_CHECKING:
    from lrscope.driver.seats import Seat
    from lrscope.schedules.schedule import Schedule

CHOICES = ("keep new", "keep old", "splice")
"""What to do where a checkpoint follows another plan than the program."""


@dataclass(frozen=True)
class SavedNumber:
    """What a number of a group followed.

    Attributes:
        base: What factors multiply.
        schedule: What it followed.
        declared: What the program of then said it should follow.
        since: The driver's step at which the schedule began.
    """

    base: float
    schedule: Schedule
    declared: Schedule
    since: int


@dataclass(frozen=True)
class SavedGroup:
    """What a checkpoint says of a group.

    Attributes:
        name: Of the group.
        position: Among the groups.
        numbers: By key.
        step: The driver's step.
        written: Step and factor of what was last written, if anything was.
        how: One of `CHOICES`, or None to refuse another plan.
    """

    name: str
    position: int
    numbers: dict[str, SavedNumber]
    step: int
    written: tuple[int, float] | None
    how: str | None

    def changes(self, seat: Seat) -> list[str]:
        """Return in words where the program says something else."""
        found = []
        for key in {**self.numbers, **seat.dials}:
            what = f"{key} of group {seat.name!r}"
            saved, dial = self.numbers.get(key), seat.dials.get(key)
            if saved is None and dial is not None:
                found.append(f"{what}: was not driven, now {dial.declared!r}")
            elif dial is None and saved is not None:
                found.append(f"{what}: was {saved.declared!r}, now not driven")
            elif dial is not None and saved is not None:
                if apart := difference(saved.declared, dial.declared):
                    was, now = saved.declared, dial.declared
                    found.append(f"{what}: was {was!r}, now {now!r}; {apart}")
                elif self._has_new_base(saved, dial):
                    words = f"had base {saved.base:.6g}, now {dial.base:.6g}"
                    found.append(f"{what}: {words}")
        return found

    def check(self, seat: Seat) -> None:
        """Refuse what `restore` could not carry out; change nothing.

        Raises:
            UsageError: If the program says something else and no choice was made.
            ScheduleError: If what is to be spliced does not fit together.
        """
        changes = self.changes(seat)
        if changes and self.how is None:
            raise UsageError(refusal(changes, self.step))
        for key in self.numbers.keys() & seat.dials.keys():
            self._followed(self.numbers[key], seat.dials[key])

    def restore(self, seat: Seat) -> None:
        """Let a group go on as the checkpoint says, once it was checked."""
        for key, saved in self.numbers.items():
            dial = seat.dials.get(key)
            if dial is not None:
                schedule, base = self._followed(saved, dial)
                dial.since, dial.unclear = saved.since, None
                dial.follow(schedule, base)
            elif self.how == "keep old":
                dial = Dial(seat.group, key, saved.declared, seat.name, saved.since)
                dial.follow(saved.schedule, saved.base)
                dial.position = self.position
                seat.dials[dial.label] = dial
        if self.how == "keep old":
            for key in seat.dials.keys() - self.numbers.keys():
                seat.dials.pop(key).write_base()

    def _followed(self, saved: SavedNumber, dial: Dial) -> tuple[Schedule, float]:
        """Return what a dial is to follow, and from which base."""
        if self.how not in ("keep new", "splice"):
            return saved.schedule, saved.base
        base = dial.base if self._has_new_base(saved, dial) else saved.base
        if not difference(saved.declared, dial.declared):
            return saved.schedule, base
        if self.how == "keep new":
            return dial.declared, base
        return spliced(saved.schedule, dial.declared, self.step - saved.since), base

    def _has_new_base(self, saved: SavedNumber, dial: Dial) -> bool:
        """Tell whether the program gave another base rate than the checkpoint.

        An optimizer that was loaded before the driver was made held what was last
        written to it, which is not a base rate.
        """
        if dial.schedule.is_rate or dial.base == saved.base:
            return False
        if self.written is None:
            return True
        step, factor = self.written
        value = saved.schedule(max(step - saved.since, 0)) * saved.base
        held = value * factor if dial.key == "lr" else value
        return not math.isclose(dial.base, held, rel_tol=1e-6)


def spliced(old: Schedule, new: Schedule, step: int) -> Schedule:
    """Return the old plan before a step and the new one from there, from its start."""
    if step <= 0:
        return new
    end = old.length
    if end is not None and end < step:
        rest = constant(old(end))
        old = old >> (rest.absolute() if old.is_rate else rest)
    return old[:step] >> new


def refusal(changes: list[str], step: int) -> str:
    """Return the words for a checkpoint that follows another plan."""
    listed = "\n  ".join(changes)
    return (
        f"the checkpoint, at step {step}, follows another plan than this driver:\n"
        f'  {listed}\nload it with on_change="keep new" (the new plan from this step '
        'on), "keep old" (the old one to its end) or "splice" (the new one from its '
        "own step 0)"
    )


def difference(was: Schedule, now: Schedule) -> str:
    """Return in words where two schedules part; nothing if nowhere."""
    if was == now:
        return ""
    try:
        found = was.diff(now)
    except ScheduleError:
        return "they were not compared step by step"
    return "" if found is None else str(found)
