"""Overruled: settings of a scheduler that a loaded state replaced by older ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrscope.audit.facts.horizon import horizon_of
from lrscope.audit.facts.number import as_number, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrscope.audit.facts.continued import Continued
    from lrscope.recording.events import SchedulerConstructed

BESIDE_ARGUMENTS = frozenset({"_milestones", "total_steps"})
"""Settings under a name that no argument of the constructor has."""

NO_SETTINGS = frozenset({"last_epoch", "base_lrs", "schedulers", "optimizer"})
"""Arguments that say where a scheduler is, or what it drives."""


@dataclass(frozen=True, slots=True)
class Overruled:
    """One setting.

    Attributes:
        name: of the attribute.
        given: its value after construction.
        loaded: its value after loading.
    """

    name: str
    given: Any
    loaded: Any


def overruled(continued: Continued) -> list[Overruled]:
    """Return the settings that loading replaced, if they were chosen anew."""
    earlier = continued.before.parts if continued.before else ()
    found = []
    for place, part in enumerate(continued.scheduler.parts):
        load = continued.now.loads.get(part.scheduler)
        if load is None or part.how != "constructed":
            continue
        was = earlier[place].attributes if place < len(earlier) else None
        for name in _settings(part):
            given, loaded = part.attributes.get(name), load.attributes.get(name)
            as_before = was is not None and was.get(name) == given
            if loaded is not None and given != loaded and not as_before:
                found.append(Overruled(name, given, loaded))
    return found


def _settings(part: SchedulerConstructed) -> list[str]:
    names = (set(part.arguments) | BESIDE_ARGUMENTS) - NO_SETTINGS
    return sorted(
        name
        for name in names & set(part.attributes)
        if isinstance(part.attributes[name], (int, float, str, list, dict))
    )


def lengths(continued: Continued) -> tuple[int, int]:
    """Return the length that a scheduler was made with, and that after loading."""
    own = continued.scheduler
    given = horizon_of(own.event, own.training.constructed)
    loaded = continued.horizon
    return (given.steps if given else 0), (loaded.steps if loaded else 0)


def shifted(changed: Iterable[Overruled], start: int) -> bool:
    """Say whether milestones were given as steps from the resume on, on purpose."""
    return all(
        "milestones" in each.name
        and [e - start for e in _numbers(each.loaded) if e > start]
        == [e for e in _numbers(each.given) if e > 0]
        for each in changed
    )


def _numbers(milestones: Any) -> list[float]:
    known = map(as_number, listed(milestones))
    return sorted(each for each in known if each is not None)
