"""Groups: what the parameter groups of an optimizer are called, and which is which."""

from __future__ import annotations

from collections import Counter
from typing import Any

Group = dict[str, Any]


def names_of(groups: list[Group]) -> list[str]:
    """Return one name per group: its own, else what its parameters share.

    The names are those of recordings: ``name`` or ``group_name`` of the group, the
    module path that all of its named parameters share, or ``group0``, ``group1`` …

    >>> from lrscope.driver.groups import names_of
    >>> names_of([{"params": [], "name": "head"}, {"params": []}])
    ['head', 'group1']
    """
    names = [own_name(group) or _shared_path(group) for group in groups]
    if len(groups) == 1:
        return [names[0] or "all"]
    counts = Counter(names)
    return [
        name if name and counts[name] == 1 else f"group{index}"
        for index, name in enumerate(names)
    ]


def own_name(group: Group) -> str | None:
    """Return the name that a group carries itself."""
    for key in ("name", "group_name"):
        name = group.get(key)
        if isinstance(name, str) and name:
            return name.replace("/", ".")
    return None


def _shared_path(group: Group) -> str | None:
    paths = [str(name).split(".") for name in group.get("param_names", ())]
    shared = []
    for parts in zip(*paths):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared) or None


def same_group(one: Group, other: Group) -> bool:
    """Tell whether two dicts are one group.

    ``Optimizer.load_state_dict`` makes new dicts with the old lists of parameters;
    programs make new lists with the old parameters.
    """
    if one is other or one["params"] is other["params"]:
        return True
    known = {id(each) for each in one["params"]}
    return any(id(each) in known for each in other["params"])
