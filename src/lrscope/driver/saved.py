"""Saved: what a checkpoint says of one group, and how it compares with the program."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrscope.driver.driven_number import DrivenNumber
from lrscope.errors import ScheduleError, UsageError
from lrscope.schedules.shapes.constant import constant

if TYPE_CHECKING:
    from lrscope.driver.driven_groups import DrivenGroup
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

    def changes(self, driven: DrivenGroup) -> list[str]:
        """Return in words where the program says something else."""
        found = []
        for key in {**self.numbers, **driven.numbers}:
            what = f"{key} of group {driven.name!r}"
            saved, number = self.numbers.get(key), driven.numbers.get(key)
            if saved is None and number is not None:
                found.append(f"{what}: was not driven, now {number.declared!r}")
            elif number is None and saved is not None:
                found.append(f"{what}: was {saved.declared!r}, now not driven")
            elif number is not None and saved is not None:
                if apart := difference(saved.declared, number.declared):
                    was, now = saved.declared, number.declared
                    found.append(f"{what}: was {was!r}, now {now!r}; {apart}")
                elif self._has_new_base(saved, number):
                    words = f"had base {saved.base:.6g}, now {number.base:.6g}"
                    found.append(f"{what}: {words}")
        return found

    def check(self, driven: DrivenGroup) -> None:
        """Refuse what `restore` could not carry out; change nothing.

        Raises:
            UsageError: If the program says something else and no choice was made; if
                a group does not hold what is to be driven.
            ScheduleError: If what is to be spliced does not fit together.
        """
        changes = self.changes(driven)
        if changes and self.how is None:
            raise UsageError(refusal(changes, self.step))
        for key in self.numbers.keys() & driven.numbers.keys():
            self._followed(self.numbers[key], driven.numbers[key])
        if self.how == "keep old":
            for key in self.numbers.keys() - driven.numbers.keys():
                _brought(key, self.numbers[key], driven)

    def restore(self, driven: DrivenGroup) -> None:
        """Let a group go on as the checkpoint says, once it was checked."""
        for key, saved in self.numbers.items():
            number = driven.numbers.get(key)
            if number is not None:
                schedule, base = self._followed(saved, number)
                number.since, number.unclear = saved.since, None
                number.follow(schedule, base)
            elif self.how == "keep old":
                number = _brought(key, saved, driven)
                driven.numbers[number.label] = number
        if self.how == "keep old":
            for key in driven.numbers.keys() - self.numbers.keys():
                driven.numbers.pop(key).write_base()

    def _followed(
        self, saved: SavedNumber, number: DrivenNumber
    ) -> tuple[Schedule, float]:
        """Return what a number is to follow, and from which base."""
        if self.how not in ("keep new", "splice"):
            return saved.schedule, saved.base
        base = number.base if self._has_new_base(saved, number) else saved.base
        if not difference(saved.declared, number.declared):
            return saved.schedule, base
        if self.how == "keep new":
            return number.declared, base
        return spliced(saved.schedule, number.declared, self.step - saved.since), base

    def _has_new_base(self, saved: SavedNumber, number: DrivenNumber) -> bool:
        """Tell whether the program gave another base rate than the checkpoint.

        An optimizer that was loaded before the driver was made held what was last
        written to it, which is not a base rate.
        """
        if number.schedule.is_rate or number.base == saved.base:
            return False
        if self.written is None:
            return True
        step, factor = self.written
        value = saved.schedule(max(step - saved.since, 0)) * saved.base
        held = value * factor if number.key == "lr" else value
        return not math.isclose(number.base, held, rel_tol=1e-6)


def by_name(saved: list[SavedGroup], name: str | None) -> SavedGroup | None:
    """Return the only group of a checkpoint that is called so, if there is one."""
    found = [each for each in saved if each.name == name]
    return found[0] if len(found) == 1 else None


def by_position(saved: list[SavedGroup], position: int) -> SavedGroup | None:
    """Return the group of a checkpoint that is at a position, if there is one."""
    return next((each for each in saved if each.position == position), None)


def _brought(key: str, saved: SavedNumber, driven: DrivenGroup) -> DrivenNumber:
    """Return a number that only the checkpoint drives."""
    group, name = driven.group, driven.name
    number = DrivenNumber(group, key, saved.declared, name, saved.since)
    number.follow(saved.schedule, saved.base)
    number.position = driven.position
    return number


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
        f"the checkpoint, at step {step}, follows another plan than the program:\n"
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
