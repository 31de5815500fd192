"""Naming: what the groups of a process are called, and what finds them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lrscope.group_names import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrscope.recording.events import Group, OptimizerConstructed
    from lrscope.recording.track import Track


def named(
    groups: Sequence[Group], constructed: OptimizerConstructed | None
) -> list[tuple[Group, str]]:
    """Return the groups of an optimizer with names, none twice."""
    once_all = constructed is not None and len(constructed.groups) == 1
    called = [
        f"group{each.number}"
        if once_all and each.name == ALL and len(groups) > 1
        else each.name
        for each in groups
    ]
    names = Counter(called)
    return [
        (each, name if names[name] == 1 else f"{name}#{each.number}")
        for each, name in zip(groups, called, strict=True)
    ]


def also_called(track: Track) -> tuple[str, ...]:
    """Return the names that find a track if no track is called so."""
    optimizer, before = track.optimizer.name, track.description.name
    same = track.process.tracks_of[track.optimizer]
    alone = [optimizer] if len(same) == 1 else []
    return (*alone, before, f"{optimizer}/{before}") if before == ALL else (*alone,)
