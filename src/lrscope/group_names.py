"""Group names: what the parameter groups of an optimizer are called.

By the recorder and by drivers alike, so that a group has one name everywhere.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

Group = dict[str, Any]
"""One of ``optimizer.param_groups``."""


ALL = "all"
"""Name of the only group of an optimizer, if it has none of its own."""


def names_of(groups: list[Group]) -> list[str]:
    """Return one name per group: its own, else what its parameters share.

    A group may carry ``name``; parameters that came from ``named_parameters()``
    carry theirs, and a group takes the module path that all of them share. Names
    that would not tell groups apart fall back to ``group0``, ``group1`` …, with
    underscores behind where another group is called so.
    """
    names = [own_name(group) or _shared_path(group) for group in groups]
    if len(groups) == 1:
        return [names[0] or ALL]
    counts = Counter(names)
    return [
        name if name and counts[name] == 1 else _made_up(index, counts)
        for index, name in enumerate(names)
    ]


def own_name(group: Group) -> str | None:
    """Return the name that a group carries itself."""
    for key in ("name", "group_name"):
        name = group.get(key)
        if isinstance(name, str) and name:
            return name.replace("/", ".")
    return None


def _made_up(index: int, taken: Container[str | None]) -> str:
    name = f"group{index}"
    while name in taken:
        name += "_"
    return name


def _shared_path(group: Group) -> str | None:
    paths = [str(name).split(".") for name in group.get("param_names", ())]
    shared = []
    for parts in zip(*paths):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared) or None
