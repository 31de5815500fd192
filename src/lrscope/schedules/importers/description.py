"""The plain description of a scheduler, from a recording or a live object."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CUT = 1000
"""A recording keeps so many entries of a list and no more."""


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """A scheduler cannot be imported; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known of a scheduler.

    Attributes:
        class_name: such as "StepLR".
        module: where its class is defined.
        arguments: of its constructor, by name; may be empty.
        attributes: of the object.
        children: schedulers that it is made of.
        rates: of the optimizer's groups, when it was described.
        groups: numbers in the optimizer's groups, where it was a live object.
    """

    class_name: str
    module: str
    arguments: Mapping[str, Any]
    attributes: Mapping[str, Any]
    children: tuple[Description, ...]
    rates: tuple[Any, ...]
    groups: tuple[Mapping[str, Any], ...] = ()

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute or, where there is none, an argument."""
        return self.attributes.get(name, self.arguments.get(name, default))

    def has(self, name: str) -> bool:
        """Tell whether an attribute or argument is known."""
        return name in self.attributes or name in self.arguments

    def number(self, name: str) -> float:
        """Return a finite number.

        Raises:
            Refused: If it is not known or no number.
        """
        if not self.has(name):
            msg = f"{self.class_name}: {name} is not known"
            raise Refused(msg)
        return as_number(f"{self.class_name}: {name}", self.get(name))

    def whole(self, name: str) -> int:
        """Return a whole number.

        Raises:
            Refused: If it is not known or not whole.
        """
        found = self.number(name)
        if not found.is_integer():
            msg = f"{self.class_name}: {name}={found!r} is no whole number"
            raise Refused(msg)
        return int(found)

    def for_each_group(self, name: str, groups: int) -> tuple[float, ...]:
        """Return a number for each group; one number stands for all.

        Raises:
            Refused: If it is not known, or not as many as there are groups.
        """
        found = self.get(name)
        if not isinstance(found, Sequence) or isinstance(found, str):
            return (self.number(name),) * groups
        return _numbers(f"{self.class_name}: {name}", found, groups)

    @property
    def bases(self) -> tuple[float, ...] | None:
        """Base rates of the groups, where the scheduler or a child has them."""
        found = self.attributes.get("base_lrs", self.attributes.get("base_values"))
        if found is None:
            known = (each.bases for each in self.children)
            return next(filter(None, known), None)
        if not isinstance(found, Sequence) or isinstance(found, str):
            msg = f"{self.class_name}: its base rates are {found!r}"
            raise Refused(msg)
        return _numbers(f"{self.class_name}: base rates", found, len(found))

    @property
    def began(self) -> int:
        """Where its own clock stood at its construction: 0, or from ``last_epoch``."""
        given = self.arguments.get("last_epoch")
        if given is not None:
            return max(int(as_number("last_epoch", given)) + 1, 0)
        count = int(as_number("_step_count", self.get("_step_count", 0)))
        last = int(as_number("last_epoch", self.get("last_epoch", 0)))
        return 0 if self.children or count < 1 else max(last - count + 1, 0)

    @property
    def fresh(self) -> bool:
        """Whether it was described before its first step."""
        if self.children and "last_epoch" not in self.attributes:
            return all(each.fresh for each in self.children)
        last = self.attributes.get("last_epoch")  # timm has none
        return last is not None and bool(last == self.began)


def as_number(who: str, value: Any) -> float:
    """Return a finite float.

    Raises:
        Refused: If it is none.
    """
    odd = value is None or isinstance(value, (str, bool))
    try:
        found = float("" if odd else value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        msg = f"{who} is {value!r}, which is no number"
        raise Refused(msg) from None
    if not math.isfinite(found):
        msg = f"{who} is {value!r}, which is not finite"
        raise Refused(msg)
    return found


def _numbers(who: str, values: Iterable[Any], groups: int) -> tuple[float, ...]:
    found = tuple(as_number(who, each) for each in values)
    if len(found) != groups:
        msg = f"{who} are {len(found)} for {groups} groups"
        raise Refused(msg)
    return found


def described(source: Any, among: Mapping[int, Any]) -> Description:
    """Return the description that a mapping or an event of a recording holds.

    Args:
        source: A mapping or an object with the names of ``Description``.
        among: Further ones by number, for children that are given by number.

    Raises:
        Refused: If it names no class; if a child is not among them, or is one that
            it is part of.
    """
    if isinstance(source, Description):
        return source
    if not _part(source, "class_name", ""):
        msg = f"a scheduler is described by class_name and module, got {source!r}"
        raise Refused(msg)
    children = []
    others = {number: each for number, each in among.items() if each is not source}
    for each in _part(source, "children", ()):
        child = others.get(each) if isinstance(each, int) else each
        if child is None:
            name = _part(source, "class_name", "")
            msg = f"{name}: scheduler {each}, which it is made of, is not described"
            raise Refused(msg)
        children.append(described(child, others))
    return Description(
        class_name=str(_part(source, "class_name", "")),
        module=str(_part(source, "module", "")),
        arguments=_part(source, "arguments", {}),
        attributes=_part(source, "attributes", {}),
        children=tuple(children),
        rates=tuple(_part(source, "rates", ())),
        groups=tuple(_part(source, "groups", ())),
    )


def _part(source: Any, name: str, default: Any) -> Any:
    if isinstance(source, Mapping):
        return source.get(name, default)
    return getattr(source, name, default)
